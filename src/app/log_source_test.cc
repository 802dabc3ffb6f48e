#include "app/log_source.h"

#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace twolane::app {
namespace {

class LogSources : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/twolane-logs-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    directory_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::string file(std::string_view bytes) {
    const std::string path = directory_ + "/log";
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }

  // Everything that comes, then the code of the fault that ended it.
  std::pair<std::string, std::string> read(std::string_view bytes) {
    auto source = LogSource::open(file(bytes));
    if (!source) return {"", source.error().code};
    std::string all;
    while (true) {
      const auto piece = (*source)->next();
      if (!piece) return {all, piece.error().code};
      if (piece->empty()) return {all, ""};
      all += *piece;
    }
  }

  std::string directory_;
};

std::string gzipped(std::string_view text) {
  z_stream z{};
  deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&z, text.size()) + 64, '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  z.avail_in = static_cast<uInt>(text.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  deflate(&z, Z_FINISH);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

std::string zstded(std::string_view text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

// More than two blocks, and not of one letter.
std::string long_text() {
  std::string text;
  for (int64_t i = 0; text.size() < 3'000'000; ++i) text += "line " + std::to_string(i * 7919 % 100'003) + "\n";
  return text;
}

TEST_F(LogSources, EveryKindGivesTheSameBytes) {
  const std::string text = long_text();
  const std::string a = text.substr(0, 1'234'567), b = text.substr(1'234'567);
  for (const auto& bytes : {text, gzipped(text), gzipped(a) + gzipped(b), zstded(text), zstded(a) + zstded(b)}) {
    const auto [all, fault] = read(bytes);
    EXPECT_EQ(fault, "");
    EXPECT_TRUE(all == text) << all.size();
  }
  for (const auto* tiny : {"", "a", "{}\n"}) {
    EXPECT_EQ(read(tiny).first, tiny);
    EXPECT_EQ(read(gzipped(tiny)).first, tiny);
    EXPECT_EQ(read(zstded(tiny)).first, tiny);
  }
}

TEST_F(LogSources, WhatComesBeforeACutIsGiven) {
  const std::string text = long_text();
  for (const auto& packed : {gzipped(text), zstded(text)}) {
    const auto [all, fault] = read(packed.substr(0, packed.size() * 2 / 3));
    EXPECT_EQ(fault, "audit.compression");
    EXPECT_GT(all.size(), 500'000u);
    EXPECT_TRUE(text.starts_with(all));
  }
}

TEST_F(LogSources, DamagedBytesAreAFault) {
  const std::string text = long_text();
  for (std::string packed : {gzipped(text), zstded(text)}) {
    for (size_t i = 0; i < 64; ++i) packed[packed.size() / 2 + i] = static_cast<char>(i * 37);
    const auto [all, fault] = read(packed);
    EXPECT_EQ(fault, "audit.compression");
    EXPECT_LT(all.size(), text.size());
  }
  EXPECT_EQ(read("\x1f\x8b nonsense").second, "audit.compression");
}

TEST_F(LogSources, ContainersAreRefused) {
  EXPECT_EQ(read("PAR1xxxx").second, "audit.container");
  EXPECT_EQ(read("PK\x03\x04xxxx").second, "audit.container");
  EXPECT_EQ(LogSource::open(directory_).error().code, "audit.file");
  EXPECT_EQ(LogSource::open(directory_ + "/absent").error().code, "audit.file");
}

}  // namespace
}  // namespace twolane::app
