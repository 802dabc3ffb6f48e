#include "wire/csv.h"

#include <gtest/gtest.h>

#include <random>

namespace twolane::wire {
namespace {

struct Seen {
  std::vector<std::string> fields;
  int64_t row, line, offset, length;
  std::string fault;  // "line:column message"
  bool operator==(const Seen&) const = default;
};

void PrintTo(const Seen& s, std::ostream* out) {
  *out << "row " << s.row << " line " << s.line << " @" << s.offset << '+' << s.length << ' '
       << s.fault;
  for (const auto& f : s.fields) *out << '[' << f << ']';
}

std::vector<Seen> read(const std::vector<std::string>& pieces, size_t limit = 1000) {
  CsvReader reader(limit);
  std::vector<Seen> seen;
  const auto note = [&](const CsvRecord& r) {
    Seen s{{}, r.row, r.line, r.offset, r.length, ""};
    for (auto f : r.fields) s.fields.emplace_back(f);
    if (r.fault)
      s.fault = std::to_string(r.fault->where.line) + ':' + std::to_string(r.fault->where.column) +
                ' ' + r.fault->message;
    seen.push_back(std::move(s));
  };
  for (const std::string& piece : pieces) {
    reader.feed(piece);
    while (auto record = reader.next()) note(*record);
  }
  if (auto record = reader.finish()) note(*record);
  EXPECT_FALSE(reader.finish());
  return seen;
}

void expect_at_every_split(const std::string& text, const std::vector<Seen>& expected,
                           size_t limit = 1000) {
  EXPECT_EQ(read({text}, limit), expected);
  std::vector<std::string> bytes;
  for (char c : text) bytes.emplace_back(1, c);
  EXPECT_EQ(read(bytes, limit), expected);
  for (size_t a = 0; a <= text.size(); ++a)
    for (size_t b = a; b <= text.size(); ++b)
      ASSERT_EQ(read({text.substr(0, a), text.substr(a, b - a), text.substr(b)}, limit), expected)
          << "cut at " << a << " and " << b;
}

TEST(Csv, RecordsAndPlaces) {
  expect_at_every_split("id,text\r\n1,\"a, \"\"b\"\"\r\nc\"\n\n2,\n,\n3",
                        {{{"id", "text"}, 1, 1, 0, 7, ""},
                         {{"1", "a, \"b\"\r\nc"}, 2, 2, 9, 15, ""},
                         {{"2", ""}, 3, 5, 26, 2, ""},
                         {{"", ""}, 4, 6, 29, 1, ""},
                         {{"3"}, 5, 7, 31, 1, ""}});
}

TEST(Csv, QuotesInsideAPlainFieldAreText) {
  expect_at_every_split("5\" disk,a\"b\"\nx,y\n",
                        {{{"5\" disk", "a\"b\""}, 1, 1, 0, 12, ""}, {{"x", "y"}, 2, 2, 13, 3, ""}});
}

TEST(Csv, BlankLinesOfAnyKind) {
  expect_at_every_split("\r\na\r\n\n\r\n\nb\r\n\r\n",
                        {{{"a"}, 1, 2, 2, 1, ""}, {{"b"}, 2, 6, 9, 1, ""}});
}

TEST(Csv, EmptyQuotedFieldsAreRecords) {
  expect_at_every_split("\"\"\n\"\",\"\"", {{{""}, 1, 1, 0, 2, ""}, {{"", ""}, 2, 2, 3, 5, ""}});
}

TEST(Csv, ByteOrderMarkBeforeAQuotedHeader) {
  expect_at_every_split("\xEF\xBB\xBF\"i\nd\",t\n1,2\n",
                        {{{"i\nd", "t"}, 1, 1, 3, 7, ""}, {{"1", "2"}, 2, 3, 11, 3, ""}});
  expect_at_every_split("\xEF\xBB\xBF", {});
  expect_at_every_split("", {});
}

TEST(Csv, FaultsNameTheirPlaceAndTheNextRecordIsRead) {
  expect_at_every_split("a,b\n\"x\ny\"z,1\n2,3\n",
                        {{{"a", "b"}, 1, 1, 0, 3, ""},
                         {{}, 2, 2, 4, 8, "3:3 text follows a closing quote"},
                         {{"2", "3"}, 3, 4, 13, 3, ""}});
  expect_at_every_split("a\nb,\"c\nd\n", {{{"a"}, 1, 1, 0, 1, ""},
                                          {{}, 2, 2, 2, 7, "2:3 a quoted field is never closed"}});
}

TEST(Csv, TooLongRecords) {
  expect_at_every_split("12345\n1234567890\r\n12,45\r\n",
                        {{{"12345"}, 1, 1, 0, 5, ""},
                         {{}, 2, 2, 6, 10, "2:1 this record is too long"},
                         {{"12", "45"}, 3, 3, 18, 5, ""}},
                        5);
}

TEST(Csv, FieldsWithoutDoubledQuotesAreViewsOfThePiece) {
  const std::string piece = "ab,\"c,d\"\n";
  CsvReader reader(100);
  reader.feed(piece);
  const auto record = reader.next();
  ASSERT_TRUE(record);
  EXPECT_EQ(record->fields[0].data(), piece.data());
  EXPECT_EQ(record->fields[1].data(), piece.data() + 4);
}

TEST(Csv, WhatIsWrittenReadsBack) {
  std::mt19937 random(7);
  const std::string letters = "a,\"\r\n;\xC3\xA9 ";
  std::vector<std::vector<std::string>> rows = {
      {""}, {"\xEF\xBB\xBFmark"}, {"", ""}, {"\r"}, {"x\r"}};
  for (int i = 0; i < 2000; ++i) {
    auto& row = rows.emplace_back(1 + random() % 4);
    for (auto& field : row)
      for (size_t n = random() % 6; n > 0; --n) field.push_back(letters[random() % letters.size()]);
  }
  std::string text;
  for (const auto& row : rows) {
    const std::vector<std::string_view> fields(row.begin(), row.end());
    append_csv_record(text, fields);
  }
  const auto back = read({text});
  ASSERT_EQ(back.size(), rows.size());
  std::vector<std::string_view> fields;
  std::string unquoted;
  for (size_t i = 0; i < rows.size(); ++i) {
    ASSERT_EQ(back[i].fields, rows[i]) << "row " << i;
    // A single record, found again by its place, splits into the same fields.
    const auto bytes = std::string_view(text).substr(static_cast<size_t>(back[i].offset),
                                                     static_cast<size_t>(back[i].length));
    ASSERT_TRUE(split_csv_record(bytes, ',', fields, unquoted));
    ASSERT_EQ(std::vector<std::string>(fields.begin(), fields.end()), rows[i]);
  }
}

TEST(Csv, OtherDelimiters) {
  CsvReader reader(100, ';');
  reader.feed("a;b,c\n");
  const auto record = reader.next();
  ASSERT_TRUE(record);
  EXPECT_EQ(record->fields[1], "b,c");
  std::string out;
  const std::string_view fields[] = {"a;b", "c,d"};
  append_csv_record(out, fields, ';');
  EXPECT_EQ(out, "\"a;b\";c,d\n");
}

}  // namespace
}  // namespace twolane::wire
