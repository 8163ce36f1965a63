#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "serve/retirement.h"
#include "serve/service.h"
#include "serve/status_error.h"

namespace inferometer::serve {

Registry::Registry(std::size_t most) : most_(most), retirement_(std::make_shared<Retirement>()) {}

Registry::~Registry() {
  services_.clear();
  retirement_->close();
}

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
  const std::unique_lock lock(mutex_);
  const auto found = services_.find(service_name(name));
  if (found == services_.end() || !found->second) return false;
  services_.erase(found);
  return true;
}

void Registry::Reservation::add(std::shared_ptr<Service> service) {
  Service* const address = service.get();
  std::shared_ptr<Service> shown(
      address, [owner = std::move(service), retirement = registry_.retirement_](Service*) mutable { retirement->take(std::move(owner)); });
  const std::unique_lock lock(registry_.mutex_);
  registry_.services_[name_] = std::move(shown);
  added_ = true;
}

Registry::Reservation::~Reservation() {
  if (added_) return;
  const std::unique_lock lock(registry_.mutex_);
  registry_.services_.erase(name_);
}

}  // namespace inferometer::serve
