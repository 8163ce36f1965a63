#include "formats/pickle.h"

#include "checkpoint_test_files.h"

namespace inferometer::formats {
namespace {

std::string repeated(const std::string& text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

std::string problem_of(const std::string& pickle) {
  try {
    (void)read_pickle(pickle, "evil.pth");
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::input);
    return error.what();
  }
  ADD_FAILURE() << "was read";
  return "";
}

/// "storage" of one float, as an argument.
const std::string kStorage = "(X\x07" + std::string(3, '\0') +
                             "storagectorch\nFloatStorage\nU\x01"
                             "0U\x03"
                             "cpuK\x01tQ";
const std::string kRebuild = "ctorch._utils\n_rebuild_tensor_v2\n";

TEST(ReadPickle, ReadsValues) {
  const std::string pickle = std::string(
                                 "\x80\x02}(U\x01"
                                 "aK\x05U\x01"
                                 "bJ\xFF\xFF\xFF\xFFU\x01"
                                 "cG\x3F\xF8") +
                             std::string(6, '\0') +
                             std::string(
                                 "U\x01"
                                 "d\x8A\x02\x00\x80u.",
                                 9);
  const Pickle read = read_pickle(pickle, "a.pth");
  const auto* dictionary = read.get<PickleDictionary>(read.root);
  ASSERT_NE(dictionary, nullptr);
  EXPECT_EQ(*read.get<std::int64_t>(*read.find(*dictionary, "a")), 5);
  EXPECT_EQ(*read.get<std::int64_t>(*read.find(*dictionary, "b")), -1);
  EXPECT_EQ(*read.get<double>(*read.find(*dictionary, "c")), 1.5);
  EXPECT_EQ(*read.get<std::int64_t>(*read.find(*dictionary, "d")), -32768);
  EXPECT_FALSE(read.find(*dictionary, "e"));
  EXPECT_EQ(read.bytes, pickle.size());
}

TEST(ReadPickle, RefusesEveryOtherGlobal) {
  struct Case {
    const char* pickle;
    const char* named;
  };
  const Case cases[] = {
      {"\x80\x02"
       "cos\nsystem\n(U\x0Atouch evil"
       "tR.",
       "os.system"},
      {"\x80\x02"
       "cposix\nsystem\n(U\x0Atouch evil"
       "tR.",
       "posix.system"},
      {"\x80\x02"
       "cbuiltins\neval\n(U\x03"
       "1+1tR.",
       "builtins.eval"},
      {"\x80\x02"
       "c__builtin__\nexec\n(U\x01"
       "0tR.",
       "__builtin__.exec"},
      {"\x80\x04\x8C\x02os\x8C\x06system\x93\x8C\x02id\x85R.", "os.system"},
      {"\x80\x02"
       "ctorch\nload\n(U\x01xtR.",
       "torch.load"},
      {"\x80\x02"
       "ctorch.storage\n_load_from_bytes\n(U\x01xtR.",
       "torch.storage._load_from_bytes"},
      {"\x80\x02"
       "ccollections\nOrderedDict.__init__\n.",
       "collections.OrderedDict.__init__"},
      {"\x80\x02(ios\nsystem\n.", "INST"},
      {"\x80\x02(K\x01o.", "OBJ"},
      {"\x80\x02"
       "ccollections\nOrderedDict\n)\x81.",
       "NEWOBJ"},
      {"\x80\x02\x82\x01.", "EXT1"},
      {"\x80\x02P1\n.", "PERSID"},
      {"\x80\x02\xFE.", "0xfe"},
  };
  for (const Case& evil : cases) {
    const std::string message = problem_of(evil.pickle);
    EXPECT_NE(message.find(evil.named), std::string::npos) << message;
    EXPECT_EQ(message.find('\n'), std::string::npos);
  }
}

TEST(ReadPickle, RefusesCallsOfWhatIsNoFunction) {
  const char* cases[] = {"K\x01)R.",
                         "U\x01x)R.",
                         "})R.",
                         "ctorch\nFloatStorage\n)R.",
                         "ccollections\nOrderedDict\n)R)R.",
                         "ccollections\nOrderedDict\nNR.",
                         "ccollections\nOrderedDict\n(K\x01tR.",
                         "ctorch._utils\n_rebuild_parameter\n(Nt"
                         "R.",
                         "K\x01Q.",
                         "(U\x06modulettQ."};
  for (const char* text : cases) EXPECT_NE(problem_of(text), "") << text;
}

TEST(ReadPickle, RefusesTensorsBeyondTheirStorage) {
  const auto tensor = [](const std::string& offset, const std::string& shape, const std::string& strides) {
    return kRebuild + "(" + kStorage + offset + shape + strides + "\x89}tR.";
  };
  const std::string zero("K\0", 2), one = "K\x01\x85", huge = std::string("\x8A\x08\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F", 10);
  EXPECT_NO_THROW((void)read_pickle(tensor(zero, one, one), "a.pth"));
  for (const std::string& text :
       {tensor("K\x01", one, one), tensor(zero, "K\x02\x85", one), tensor(huge, one, one), tensor(zero, huge + "\x85", huge + "\x85"),
        tensor(zero, one, ")"), tensor("J\xFF\xFF\xFF\xFF", one, one), tensor(zero, "J\xFF\xFF\xFF\xFF\x85", one),
        tensor(zero, "(" + repeated("K\x01", 65) + "t", "(" + repeated("K\x01", 65) + "t")}) {
    EXPECT_NE(problem_of(text), "");
  }
}

/// Files of torch before 0.4 have storages that are parts of others.
TEST(ReadPickle, ReadsViewsOfStorages) {
  const auto tensor = [](const std::string& view, const std::string& offset) {
    return kRebuild + "(" + std::string("(U\x07storagectorch\nFloatStorage\nU\x01") + "0U\x03" + "cpuK\x05" + view + "tQ" + offset +
           "K\x02\x85K\x01\x85\x89}tR.";
  };
  const std::string view = std::string("(U\x01") + "vK\x01K\x03t", zero("K\0", 2);
  const std::string pickle = tensor(view, "K\x01");
  const Pickle read = read_pickle(pickle, "a.pth");
  const auto* made = read.get<TorchTensor>(read.root);
  ASSERT_NE(made, nullptr);
  EXPECT_EQ(made->offset, 2);
  EXPECT_EQ(read.get<TorchStorage>(made->storage)->count, 5);
  EXPECT_NE(problem_of(tensor(view, "K\x02")).find("beyond its storage"), std::string::npos);
  EXPECT_NE(problem_of(tensor(std::string("(U\x01") + "vK\x04K\x02t", zero)).find("view reaches beyond"), std::string::npos);
  EXPECT_NE(problem_of(tensor(std::string("(U\x01") + "vK\x04t", zero)).find("storage's view is not"), std::string::npos);
}

/// Small pickles that would take gigabytes or for ever in a machine without bounds.
TEST(ReadPickle, BoundsMemoryAndTime) {
  // Lists of lists, each twice as large as the last when it is printed: here a value is stored once.
  std::string doubling = "]q\x01";
  for (int i = 0; i < 200; ++i)
    doubling +=
        "]h\x01"
        "ah\x01"
        "aq\x01";
  EXPECT_NE(problem_of(doubling + "."), "");  // values are left over
  // 100,000 tuples inside one another: nothing recurses, not even the end.
  EXPECT_NO_THROW((void)read_pickle(")" + repeated("\x85", 100'000) + ".", "deep.pth"));
  EXPECT_NO_THROW((void)read_pickle("]" +
                                        repeated("q\x01]h\x01"
                                                 "a",
                                                 100) +
                                        repeated("0", 0) + repeated("\x86", 100) + ".",
                                    "deep.pth"));
  // A list that holds itself.
  EXPECT_NO_THROW(
      (void)read_pickle("]q\x01h\x01"
                        "a.",
                        "self.pth"));
  // A long list, copied again and again by a call of a few bytes.
  const std::string pairs = "](" + repeated("(K\x01K\x01t", 100'000) +
                            "eq\x01"
                            "0ccollections\nOrderedDict\nq\x02"
                            "0h\x01\x85q\x03"
                            "0";
  EXPECT_NE(problem_of(pairs + repeated("h\x02h\x03R0", 1000) + "N.").find("values"), std::string::npos);
  // Values, marks and the stack have a limit.
  EXPECT_NE(problem_of(repeated("]", 3'000'000) + ".").find("values"), std::string::npos);
  EXPECT_NE(problem_of(repeated("(", 3'000'000) + ".").find("values"), std::string::npos);
  EXPECT_NE(problem_of(repeated("N", 3'000'000) + ".").find("values"), std::string::npos);
  // A text of 4 GB that is not there.
  EXPECT_NE(problem_of("X\xFF\xFF\xFF\xFFx.").find("cut off"), std::string::npos);
  EXPECT_NE(problem_of("\x8D\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFFx.").find("cut off"), std::string::npos);
}

TEST(ReadPickle, RefusesBrokenPrograms) {
  const char* cases[] = {"",     "N",     ".",  "NN.",        "(.",   "t.",      "K",    "\x80\x09N.", "h\x01.",
                         "NNs.", "N(Nu.", "]N", "U\x01\xFF.", "(N0.", "N(\x85.", "NaN.", "Nb.",        "1."};
  for (const char* text : cases) EXPECT_NE(problem_of(text), "") << text;
}

TEST(ReadCheckpoint, ExecutesNothing) {
  const TemporaryFolder folder;
  const std::string evil =
      "\x80\x02"
      "cos\nsystem\n(U" +
      std::string(1, static_cast<char>(6 + (folder / "evil").string().size())) + "touch " + (folder / "evil").string() + "tR.";
  put_zip(folder / "evil.pth", evil);
  const Error error = error_of(folder / "evil.pth");
  EXPECT_NE(std::string(error.what()).find("asks for os.system"), std::string::npos) << error.what();
  EXPECT_NE(error.hint().find("nothing of it was executed"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(folder / "evil"));
}

TEST(ReadCheckpoint, NamesEntriesThatAreNoTensors) {
  const TemporaryFolder folder;
  put_zip(folder / "a.pth",
          "}U\x05"
          "epochK\x03s.");
  EXPECT_NE(message_of(folder / "a.pth").find("entry 'epoch' is no tensor"), std::string::npos);
  put_zip(folder / "b.pth", "}.");
  EXPECT_NE(message_of(folder / "b.pth").find("holds no tensors"), std::string::npos);
  put_zip(folder / "c.pth", "K\x01.");
  EXPECT_NE(message_of(folder / "c.pth").find("no dictionary"), std::string::npos);
  put_zip(folder / "d.pth", "}K\x01K\x01s.");
  EXPECT_NE(message_of(folder / "d.pth").find("no text"), std::string::npos);
}

/// Tensors that repeat one small storage must not fill the memory.
TEST(ReadCheckpoint, BoundsWhatTensorsTake) {
  const TemporaryFolder folder;
  const std::string zero("K\0", 2), million("J\x00\x00\x00\x40", 5);
  put_zip(folder / "large.pth",
          "}U\x01"
          "a" +
              kRebuild + "(" + kStorage + zero + million + "\x85" + zero + "\x85\x89}tRs.");
  EXPECT_NE(message_of(folder / "large.pth").find("out of proportion"), std::string::npos);
}

}  // namespace
}  // namespace inferometer::formats
