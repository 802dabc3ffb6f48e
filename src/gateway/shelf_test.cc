#include "gateway/shelf.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace twolane::gateway {
namespace {

namespace fs = std::filesystem;

class ShelfTest : public testing::Test {
 protected:
  void SetUp() override {
    home_ = fs::path(testing::TempDir()) / ("shelf-" + std::to_string(::getpid()));
    fs::remove_all(home_);
    open();
  }
  void TearDown() override { fs::remove_all(home_); }
  void open() {
    auto shelf = Shelf::open(home_);
    ASSERT_TRUE(shelf) << shelf.error().why;
    shelf_ = std::move(*shelf);
  }
  void put(const std::string& id, const std::string& owner = "ana", Object::Kind kind = Object::Kind::file,
           Dialect door = Dialect::openai) {
    Object o;
    o.kind = kind;
    o.door = door;
    o.id = id;
    o.owner = owner;
    o.created = Time{1000};
    o.about = {{"name", id}};
    ASSERT_TRUE(shelf_->put(std::move(o)));
  }
  Object* find(const std::string& id, const std::string& owner = "ana") {
    return shelf_->find(Object::Kind::file, Dialect::openai, owner, id);
  }
  std::vector<std::string> listed() {
    std::vector<std::string> ids;
    for (const Object* o : shelf_->list(Object::Kind::file, Dialect::openai, "ana")) ids.push_back(o->id);
    return ids;
  }

  std::string home_;
  std::unique_ptr<Shelf> shelf_;
};

TEST_F(ShelfTest, FoundByKindDoorAndOwnerOnly) {
  put("file-1");
  put("batch_1", "ana", Object::Kind::batch);
  put("msgbatch_1", "ana", Object::Kind::batch, Dialect::anthropic);
  EXPECT_TRUE(find("file-1"));
  EXPECT_FALSE(find("file-1", "ben"));
  EXPECT_FALSE(find("file-1", ""));
  EXPECT_FALSE(find("batch_1"));
  EXPECT_FALSE(shelf_->find(Object::Kind::file, Dialect::gemini, "ana", "file-1"));
  EXPECT_FALSE(shelf_->find(Object::Kind::batch, Dialect::openai, "ana", "msgbatch_1"));
  EXPECT_EQ(shelf_->all(Object::Kind::batch).size(), 2u);
}

TEST_F(ShelfTest, NewestFirstAlsoAfterARestart) {
  for (const char* id : {"file-b", "file-a", "file-c"}) put(id);
  put("file-x", "ben");
  const std::vector<std::string> order = {"file-c", "file-a", "file-b"};
  EXPECT_EQ(listed(), order);
  open();
  EXPECT_EQ(listed(), order);
  put("file-0");
  EXPECT_EQ(listed().front(), "file-0");  // numbers go on
}

TEST_F(ShelfTest, PutAgainIsInPlace) {
  put("file-1");
  put("file-2");
  Object* one = find("file-1");
  Object changed = *one;
  changed.about["name"] = "changed";
  ASSERT_TRUE(shelf_->put(changed));
  EXPECT_EQ(find("file-1"), one);
  EXPECT_EQ(wire::string_at(one->about, "name"), "changed");
  EXPECT_EQ(listed(), (std::vector<std::string>{"file-2", "file-1"}));
  open();
  EXPECT_EQ(wire::string_at(find("file-1")->about, "name"), "changed");
  EXPECT_EQ(find("file-1")->created, Time{1000});
}

TEST_F(ShelfTest, WhatACrashLeftHalfWrittenIsNotThere) {
  put("file-1");
  std::ofstream(home_ + "/doors/objects/file-2.json.new") << R"({"kind":0)";
  std::ofstream(home_ + "/doors/objects/file-3.json") << "";
  std::ofstream(home_ + "/doors/incoming/half-an-upload") << "bytes";
  open();
  EXPECT_EQ(listed(), std::vector<std::string>{"file-1"});
  EXPECT_TRUE(fs::is_empty(home_ + "/doors/incoming"));
}

TEST_F(ShelfTest, BytesComeAndGoWithTheirFile) {
  const std::string arrived = shelf_->incoming_directory() + "/a";
  std::ofstream(arrived) << "0123456789";
  ASSERT_TRUE(shelf_->adopt(arrived, "file-1"));
  put("file-1");
  const auto bytes = shelf_->bytes("file-1");
  ASSERT_TRUE(bytes);
  EXPECT_EQ((*bytes)->size(), 10);
  ASSERT_TRUE(shelf_->remove("file-1"));
  EXPECT_FALSE(find("file-1"));
  char block[4] = {};
  EXPECT_EQ((*bytes)->read(8, block, 4).value(), 2u);  // who reads goes on reading
  EXPECT_FALSE(shelf_->bytes("file-1"));
  EXPECT_TRUE(fs::is_empty(home_ + "/doors/files"));
  open();
  EXPECT_FALSE(find("file-1"));
  EXPECT_TRUE(shelf_->remove("file-1"));  // again: nothing happens
}

}  // namespace
}  // namespace twolane::gateway
