#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "serve/service.h"
#include "serve/status_error.h"

namespace inferometer::serve {

std::string service_name(std::string_view given) {
  std::string name(given);
  for (char& letter : name) {
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  }
  return name;
}

std::shared_ptr<Service> Registry::find(std::string_view name) const {
  const std::shared_lock lock(mutex_);
  const auto found = services_.find(service_name(name));
  return found == services_.end() ? nullptr : found->second;
}

std::vector<std::shared_ptr<Service>> Registry::all() const {
  const std::shared_lock lock(mutex_);
  std::vector<std::shared_ptr<Service>> services;
  for (const auto& [name, service] : services_) {
    if (service) services.push_back(service);
  }
  return services;
}

std::unique_ptr<Registry::Reservation> Registry::reserve(std::string_view given) {
  std::string name = service_name(given);
  const std::unique_lock lock(mutex_);
  if (const auto found = services_.find(name); found != services_.end()) {
    const std::string shown = one_line(name, 200);
    if (found->second) throw StatusError(409, DdCode::service_already_exists, fmt::format("service {} already exists", shown));
    throw StatusError(403, DdCode::none, fmt::format("service {} is being created by another call", shown));
  }
  if (services_.size() >= most_)
    throw StatusError(503, DdCode::none, fmt::format("there are {} services already, which is the limit; delete one first", most_));
  services_.emplace(name, nullptr);
  return std::unique_ptr<Reservation>(new Reservation(*this, std::move(name)));
}

bool Registry::remove(std::string_view name) {
  std::shared_ptr<Service> removed;     // ends outside the lock: its worker may take a while
  const std::unique_lock lock(mutex_);  // freed first
  const auto found = services_.find(service_name(name));
  if (found == services_.end() || !found->second) return false;
  removed = std::move(found->second);
  services_.erase(found);
  return true;
}

void Registry::Reservation::add(std::shared_ptr<Service> service) {
  const std::unique_lock lock(registry_.mutex_);
  registry_.services_[name_] = std::move(service);
  added_ = true;
}

Registry::Reservation::~Reservation() {
  if (added_) return;
  const std::unique_lock lock(registry_.mutex_);
  registry_.services_.erase(name_);
}

}  // namespace inferometer::serve
