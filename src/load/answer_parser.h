/// Find where an HTTP/1.1 answer ends, and what a load client needs of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace inferometer::load {

/// Takes bytes as they come. Knows Content-Length, chunks, and bodies that end with the connection; passes over 1xx answers.
/// One thread. Bytes beyond a limit or against the protocol make it malformed.
class AnswerParser {
 public:
  enum class State : std::uint8_t { more, complete, malformed };

  static constexpr std::size_t kMostHead = std::size_t{64} << 10;
  static constexpr std::size_t kMostBody = std::size_t{256} << 20;

  void reset();  ///< ready for the next answer; keeps its memory
  State feed(std::string_view bytes);
  State closed();  ///< the peer closed: completes a body that ends so; anything else that is unfinished stays `more`

  bool empty() const { return !any_; }    ///< no byte of an answer has come
  int status() const { return status_; }  ///< once the head is there
  bool keeps_alive() const { return keeps_alive_; }
  std::string_view body() const;  ///< of a complete answer, chunks joined; until reset()

 private:
  enum class Framing : std::uint8_t { length, chunks, until_close };
  State advance();
  bool read_head(std::string_view head);
  bool read_header(std::string_view name, std::string_view value);
  State read_chunks();

  std::string buffer_;        ///< everything since reset()
  std::size_t searched_ = 0;  ///< no end of the head begins before this
  std::size_t body_ = 0;      ///< where the body begins; 0: the head is not whole
  std::size_t chunk_ = 0;     ///< where the next chunk's line begins
  std::string joined_;        ///< of chunks
  State state_ = State::more;
  Framing framing_ = Framing::until_close;
  std::uint64_t length_ = 0;
  int status_ = 0;
  bool any_ = false, keeps_alive_ = true;
};

}  // namespace inferometer::load
