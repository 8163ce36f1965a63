/// Place the labels of marks so that they can be read.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

namespace inferometer::charts {

/// Pixels; the y axis points down.
struct Box {
  double left = 0, top = 0, width = 0, height = 0;
  double right() const { return left + width; }
  double bottom() const { return top + height; }
};

bool overlap(const Box& a, const Box& b, double margin = 0);

struct Disc {
  double x = 0, y = 0, radius = 0;
};

struct Segment {
  double x1 = 0, y1 = 0, x2 = 0, y2 = 0;
};

bool overlap(const Box& box, const Segment& line);

/// The label of one mark: the mark itself and the size of the text.
struct LabelRequest {
  Disc mark;
  double width = 0, height = 0;
  bool apart = false;  ///< always at a distance with a leader line, as a call-out is
};

struct PlacedLabel {
  Box box;
  std::optional<Segment> leader;  ///< from the mark's edge to the box, where the label is not beside its mark
};

struct Surroundings {
  Box frame;                   ///< labels stay within
  std::vector<Disc> marks;     ///< labels keep off; those of the requests themselves belong here too
  std::vector<Box> boxes;      ///< labels keep off
  std::vector<Segment> lines;  ///< labels keep off where they can
};

/// One result a request, in order. No two boxes overlap, none leaves the frame or covers one of the boxes. In its own bubble or near its
/// mark where there is room, else farther away with a leader line, at need over the body of a large bubble; over a small mark only where
/// all else is taken; nullopt where there is no room at all. Deterministic. About n^2 times a few hundred steps.
std::vector<std::optional<PlacedLabel>> place_labels(const std::vector<LabelRequest>& requests, const Surroundings& surroundings);

}  // namespace inferometer::charts
