#include "dataset/data_set.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "fixtures.h"

namespace inferometer::dataset {
namespace {

using Names = std::vector<std::string>;

std::string error_of(const DataSetOptions& options) {
  try {
    open_data_set(options);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

std::string hint_of(const DataSetOptions& options) {
  try {
    open_data_set(options);
  } catch (const Error& error) {
    return error.hint();
  }
  return "";
}

bool fails_with(const DataSetOptions& options, const std::string& part) {
  const std::string text = error_of(options);
  EXPECT_NE(text.find(part), std::string::npos) << "got: " << text;
  return text.find(part) != std::string::npos;
}

std::string big_endian(std::uint32_t value) {
  std::string text;
  for (const int shift : {24, 16, 8, 0}) text += static_cast<char>(value >> shift & 0xff);
  return text;
}

std::string idx(const std::vector<std::uint32_t>& dimensions, const std::string& elements, char type = 8) {
  std::string text{'\0', '\0', type, static_cast<char>(dimensions.size())};
  for (const std::uint32_t size : dimensions) text += big_endian(size);
  return text + elements;
}

TEST(DataSet, ReadsAFolderWithLabels) {
  const TemporaryFolder folder;
  folder.copy_picture("colour.png", "images/b.png");
  folder.copy_picture("colour.jpg", "images/a file.JPG");
  folder.copy_picture("grey.jpg", "images/nobody.jpeg");
  folder.write("images/notes.txt", "no picture");
  const auto labels = folder.write("labels.txt", "b.png 7\r\n\na file.JPG\t3\nmissing.jpg 1\n");
  const DataSet data = open_data_set({.images = folder.path() / "images", .labels = labels});
  EXPECT_EQ(data.name, "images");
  ASSERT_EQ(data.images.size(), 2u);
  EXPECT_EQ(data.images[0].name, "b.png");
  EXPECT_EQ(data.images[0].label, 7);
  EXPECT_EQ(data.images[1].name, "a file.JPG");
  EXPECT_EQ(data.images[1].label, 3);
  EXPECT_EQ(data.absent, Names{"missing.jpg"});
  EXPECT_EQ(data.unlabelled, Names{"nobody.jpeg"});
  EXPECT_FALSE(data.classes);
  EXPECT_EQ(largest_difference(data.source->load(0), decode_file("colour.png")), 0);
  EXPECT_EQ(largest_difference(data.source->load(1), decode_file("colour.jpg")), 0);
}

TEST(DataSet, SaysWhichLineOfTheLabelsIsWrong) {
  const TemporaryFolder folder;
  folder.copy_picture("colour.png", "b.png");
  const auto labels = [&](const std::string& text) {
    return DataSetOptions{.images = folder.path(), .labels = folder.write("labels.txt", text)};
  };
  fails_with(labels("b.png 1\nb.png\n"), "labels.txt:2: 'b.png' is no line");
  fails_with(labels("b.png -1\n"), "labels.txt:1:");
  fails_with(labels("b.png 1.5\n"), "labels.txt:1:");
  fails_with(labels("b.png 1\nb.png 1\n"), "labels.txt:2: b.png is named twice");
  fails_with(labels("c.png 1\n"), "of 1 named in the labels none is there, for example c.png");
  fails_with(labels(""), "no picture is there");
  EXPECT_NE(hint_of(labels("")).find(".jpg"), std::string::npos);
  EXPECT_NE(error_of({.images = folder.path(), .labels = folder.path() / "absent.txt"}), "");
  EXPECT_NE(error_of({.images = folder.path() / "absent"}), "");
}

TEST(DataSet, ReadsFoldersAsClasses) {
  const TemporaryFolder folder;
  folder.copy_picture("colour.png", "zebra/1.png");
  folder.copy_picture("grey.jpg", "ant/2.jpg");
  folder.copy_picture("colour.jpg", "ant/1.jpg");
  folder.copy_picture("colour.jpg", ".hidden/1.jpg");
  folder.copy_picture("colour.jpg", "loose.jpg");
  std::filesystem::create_directories(folder.path() / "bee");  // an empty class keeps its index
  const DataSet data = open_data_set({.images = folder.path()});
  ASSERT_EQ(data.images.size(), 3u);
  EXPECT_EQ(data.images[0].name, "ant/1.jpg");
  EXPECT_EQ(data.images[0].label, 0);
  EXPECT_EQ(data.images[1].name, "ant/2.jpg");
  EXPECT_EQ(data.images[2].name, "zebra/1.png");
  EXPECT_EQ(data.images[2].label, 2);
  EXPECT_EQ(data.classes, 3);
  EXPECT_EQ(data.unlabelled, Names{"loose.jpg"});
}

TEST(DataSet, ReadsAPlainFolderWithoutLabels) {
  const TemporaryFolder folder;
  folder.copy_picture("colour.png", "b.png");
  folder.copy_picture("colour.png", "a.png");
  folder.copy_picture("colour.png", "c.png");
  const DataSet data = open_data_set({.images = folder.path(), .limit = 2});
  ASSERT_EQ(data.images.size(), 2u);
  EXPECT_EQ(data.images[0].name, "a.png");
  EXPECT_FALSE(data.images[0].label);
}

TEST(DataSet, ReadsCsv) {
  const TemporaryFolder folder;
  const auto file = folder.write("x.csv", "3,1,2,3,4,5,6,7,8,9,10,11,12\r\n0, 0,0,0,0,0,0,0,0,0,0,0,255\n");
  const DataSet data = open_data_set({.images = file});
  ASSERT_EQ(data.images.size(), 2u);
  EXPECT_EQ(data.images[1].name, "x.csv:2");
  EXPECT_EQ(data.images[0].label, 3);
  const Picture picture = data.source->load(0);
  EXPECT_EQ(picture.width, 2);
  EXPECT_EQ(picture.channels, 3);
  EXPECT_EQ(picture.pixels, (std::vector<std::uint8_t>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}));
  EXPECT_EQ(data.source->load(1).pixels.back(), 255);
  const auto bad = [&](const std::string& text) { return DataSetOptions{.images = folder.write("y.csv", text)}; };
  for (const char* nothing : {"", "\n\n"}) {
    fails_with(bad(nothing), "y.csv: no picture is there");
    EXPECT_NE(hint_of(bad(nothing)).find("a line holds a label"), std::string::npos);
  }
  fails_with(bad("1,2,3\n"), "y.csv: line 1: 2 values after the label make no square picture");
  fails_with(bad("1,2\n1,2,3,4,5\n"), "y.csv: line 2: 4 values after the label make no square picture like the first line's");
  // As many values in a row of either, and yet another shape: grey of 3 x 3 after colour of 1 x 1.
  fails_with(bad("1,2,3,4\n1,1,2,3,4,5,6,7,8,9\n"), "y.csv: line 2: 9 values after the label make no square picture like the first line's");
  fails_with(bad("1,256\n"), "y.csv: line 1, column 2: 256 is above 255");
  fails_with(bad("label,pixel\n"), "y.csv: line 1, column 1");
  fails_with(bad("1,2;3\n"), "y.csv: line 1, column 2: a comma");
  fails_with(bad("1,-2\n"), "y.csv: line 1, column 2");
  fails_with(bad("1,\n"), "y.csv: line 1, column 2");
  EXPECT_EQ(open_data_set(bad("5,9")).images.size(), 1u);  // no line end
  fails_with({.images = file, .labels = file}, "holds its labels itself");
}

TEST(DataSet, ReadsIdx) {
  const TemporaryFolder folder;
  const auto images = folder.write("i-idx3-ubyte", idx({2, 1, 3}, "abcdef"));
  const auto labels = folder.write("l-idx1-ubyte", idx({2}, std::string{'\x09', '\xff'}));
  const DataSet data = open_data_set({.images = images, .labels = labels});
  ASSERT_EQ(data.images.size(), 2u);
  EXPECT_EQ(data.images[1].name, "i-idx3-ubyte#1");
  EXPECT_EQ(data.images[1].label, 255);
  const Picture picture = data.source->load(1);
  EXPECT_EQ(picture.width, 3);
  EXPECT_EQ(picture.height, 1);
  EXPECT_EQ(picture.channels, 1);
  EXPECT_EQ(picture.pixels, (std::vector<std::uint8_t>{'d', 'e', 'f'}));
  EXPECT_FALSE(open_data_set({.images = images}).images[0].label);
  const DataSet colour = open_data_set({.images = folder.write("c.idx", idx({1, 1, 1, 3}, "abc"))});
  EXPECT_EQ(colour.source->load(0).channels, 3);
  const auto bad = [&](const std::string& text) { return DataSetOptions{.images = folder.write("bad.idx", text)}; };
  fails_with(bad(""), "is no IDX file");
  fails_with(bad(idx({2, 1, 3}, "abcde")), "holds 5 bytes of elements, its header says 6");
  fails_with(bad(idx({2, 1, 3}, "abcdefg")), "holds 7 bytes");
  fails_with(bad(idx({6}, "abcdef")), "has 1 dimensions");
  fails_with(bad(idx({1, 1, 2, 2}, "abcd")), "has 4 dimensions");
  fails_with(bad(idx({2, 1, 3}, "abcdef", 13)), "elements of type 0x0d");
  fails_with(bad(idx({0xffffffff, 0xffffffff, 0xffffffff}, "")), "declares more than 4 GiB");
  fails_with({.images = images, .labels = folder.write("m.idx", idx({3}, "abc"))}, "another number of pictures than the 2");
}

TEST(DataSet, ReadsCifar) {
  const TemporaryFolder folder;
  std::string record(1 + 3072, '\0');
  record[0] = 4;
  record[1] = 'r';
  record[1 + 1024] = 'g';
  record[1 + 2048] = 'b';
  const DataSet data = open_data_set({.images = folder.write("ten.bin", record + record)});
  ASSERT_EQ(data.images.size(), 2u);
  EXPECT_EQ(data.images[1].label, 4);
  EXPECT_EQ(data.classes, 10);
  const Picture picture = data.source->load(1);
  EXPECT_EQ(picture.pixels[0], 'r');
  EXPECT_EQ(picture.pixels[1], 'g');
  EXPECT_EQ(picture.pixels[2], 'b');
  std::string fine(2 + 3072, '\0');
  fine[0] = 19;
  fine[1] = 99;
  const DataSet hundred = open_data_set({.images = folder.write("hundred.bin", fine)});
  EXPECT_EQ(hundred.images[0].label, 99);
  EXPECT_EQ(hundred.classes, 100);
  try {
    (void)open_data_set({.images = folder.path()});
    ADD_FAILURE() << "a folder of such files was opened";
  } catch (const Error& error) {
    EXPECT_NE(error.hint().find("data_batch_?.bin"), std::string::npos) << error.hint();
  }
  // Records that follow each other are one file, as `cat` makes it.
  EXPECT_EQ(open_data_set({.images = folder.write("joined.bin", record + record + record)}).images.size(), 3u);
  record[0] = '\xff';
  fails_with({.images = folder.write("bad.bin", record)}, "record 0: the label 255 is not below 10");
  fine[1] = 100;
  fails_with({.images = folder.write("bad.bin", fine + fine)}, "record 0: the label 100 is not below 100");
  record[0] = 10;
  fails_with({.images = folder.write("bad.bin", record)}, "record 0: the label 10 is not below 10");
  fails_with({.images = folder.write("bad.bin", "x")}, "1 bytes are no whole number of CIFAR records");
}

TEST(DataSet, HashesNamesLabelsAndContents) {
  const TemporaryFolder folder;
  const auto hash = [&](const std::string& text, std::int64_t limit = 0) {
    const DataSet data = open_data_set({.images = folder.write("x.csv", text), .limit = limit});
    return content_hash(data);
  };
  const std::string first = hash("1,2\n3,4\n");
  EXPECT_EQ(first, hash("1,2\r\n3, 4"));
  EXPECT_NE(first, hash("1,2\n3,5\n"));
  EXPECT_NE(first, hash("1,2\n2,4\n"));
  EXPECT_NE(first, hash("1,2\n3,4\n", 1));
  EXPECT_EQ(hash("1,2\n"), hash("1,2\n3,4\n", 1));
}

TEST(DataSet, UnpacksGzip) {
  const std::filesystem::path folder = std::filesystem::path(INFEROMETER_SHARED_DIR) / "data/mnist";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "the shared data folder is not here";
  const DataSet data = open_data_set({.images = folder / "t10k-images-idx3-ubyte.gz", .labels = folder / "t10k-labels-idx1-ubyte.gz"});
  ASSERT_EQ(data.images.size(), 10000u);
  EXPECT_EQ(data.images[0].label, 7);  // the test set's first digit
}

}  // namespace
}  // namespace inferometer::dataset
