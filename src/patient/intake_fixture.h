// For tests: a home with a store in a directory that goes away, inputs written into it, and jobs
// taken in from them.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "patient/intake.h"
#include "store/posix_disk.h"
#include "store/sqlite/sqlite_store.h"
#include "wire/csv.h"

namespace twolane::patient {

class IntakeFixture : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "twolane-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    home = pattern;
    disk = store::posix_disk(home).value();
    store = store::open_sqlite(home + "/store.db").value();
    payloads = std::make_unique<store::Payloads>(*disk);
    ASSERT_TRUE(payloads->prepare());
  }
  void TearDown() override {
    store.reset();
    std::filesystem::remove_all(home);
  }

  std::string file(const std::string& name, std::string_view bytes) const {
    const std::string path = home + "/" + name;
    std::ofstream(path, std::ios::binary)
        .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    return path;
  }

  Result<Checked> take(const std::string& path, const IntakeOptions& options = {},
                       bool dry_run = false) {
    job = Job();
    job.world = "test";
    job.input_name = path;
    job.accepted = Time{1'700'000'000'000};
    job.deadline = job.accepted + hours(24);
    return take_in(path, options, job, SegmentId{++segments}, home, *store, *payloads, dry_run);
  }
  Result<Checked> take_bytes(const std::string& name, std::string_view bytes,
                             const IntakeOptions& o = {}) {
    return take(file(name, bytes), o);
  }
  // The error of an input that must be refused, and of which nothing may remain.
  Error refused(const std::string& name, std::string_view bytes,
                const IntakeOptions& options = {}) {
    const auto result = take_bytes(name, bytes, options);
    if (result) {
      ADD_FAILURE() << name << " was accepted";
      return {};
    }
    EXPECT_TRUE(store->jobs()->empty());
    EXPECT_TRUE(payloads->list()->empty());
    return result.error();
  }

  // The stored text of each request, as it will be rendered.
  std::vector<std::string> stored_lines() {
    std::vector<std::string> lines;
    const auto rows = store->outcomes(job.id, 0, 1'000'000).value();
    for (const auto& row : rows)
      lines.push_back(payloads->read({job.input, row.offset, row.length}).value());
    return lines;
  }

  std::string home;
  std::unique_ptr<store::Disk> disk;
  std::unique_ptr<store::Store> store;
  std::unique_ptr<store::Payloads> payloads;
  Job job;
  uint64_t segments = 0;
};

inline std::string chat_line(const std::string& id, const std::string& text,
                             const std::string& extra = R"(,"max_tokens":64)") {
  return R"({"custom_id":")" + id +
         R"(","method":"POST","url":"/v1/chat/completions","body":{"model":)" +
         R"("gpt-5.4-mini","messages":[{"role":"user","content":)" + wire::dump(wire::Json(text)) +
         "}]" + extra + "}}";
}

// 13,083 lines: real bank tickets where they are at hand, made-up ones elsewhere.
inline std::vector<std::string> ticket_lines() {
  std::vector<std::string> texts;
  for (const char* name : {"train.csv", "test.csv"}) {
    std::ifstream in(std::string(TWOLANE_SHARED_DIR) + "/data/banking77/" + name);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    wire::CsvReader reader(1 << 20);
    reader.feed(bytes);
    for (auto r = reader.next(); r; r = reader.next())
      if (r->row > 1) texts.emplace_back(r->fields.front());
    if (auto r = reader.finish()) texts.emplace_back(r->fields.front());
  }
  for (int i = static_cast<int>(texts.size()); i < 13'083; ++i)
    texts.push_back("My card no. " + std::to_string(i * 7919 % 10'007) + " has not come, why?");
  texts.resize(13'083);
  std::vector<std::string> lines;
  for (size_t i = 0; i < texts.size(); ++i) {
    char id[32];
    std::snprintf(id, sizeof id, "t-%05zu", i + 1);
    lines.push_back(chat_line(id, texts[i]));
  }
  return lines;
}

inline std::string joined(const std::vector<std::string>& lines) {
  std::string out;
  for (const auto& line : lines) out += line + "\n";
  return out;
}

}  // namespace twolane::patient
