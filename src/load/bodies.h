/// Make request bodies before anything is timed.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "dataset/preprocess.h"
#include "load/target.h"

namespace inferometer::load {

/// What requests hold.
struct Payload {
  BodyKind kind = BodyKind::path;
  std::filesystem::path images;              ///< a folder of pictures (with sub-folders) or one picture
  std::vector<std::filesystem::path> files;  ///< BodyKind::file: bodies as they are
  std::size_t per_request = 1;               ///< images
  std::optional<std::string> server_folder;  ///< BodyKind::path: where the server has the images; none: at the same absolute path
  std::string service;                       ///< DeepDetect's service
  std::string tensor_name;                   ///< v2: of the input
  dataset::InputGeometry geometry;           ///< v2: of the input
  dataset::PreprocessingChanges changes;     ///< v2: of dataset::default_preprocessing()
};

/// Bodies altogether hold at most this many bytes, so that a large folder does not fill the memory; the first pictures are then used.
inline constexpr std::size_t kMostBodyBytes = std::size_t{1} << 30;
/// Bodies that differ, at most.
inline constexpr std::size_t kMostBodies = 1000;

struct Bodies {
  std::vector<std::string> texts;
  std::size_t images = 0;  ///< different ones among them
  std::string note;        ///< where not all pictures are used, or some are used twice; empty: nothing to say
};

/// Each body takes the next per_request pictures, in turn, until every picture has been used; pictures that are left over are filled up
/// from the first. Paths, base64 and tensors are written as DeepDetect's and the v2 interface want them.
/// Throws Error{usage}: no pictures, a kind that the interface does not take; Error{input}, Error{io}: a picture that cannot be read.
Bodies make_bodies(const Payload& payload, Interface interface);

std::string encode_base64(std::string_view bytes);  ///< RFC 4648, with padding, on one line

}  // namespace inferometer::load
