// Append-only payload files: inputs, results as the providers sent them, batch files to be
// uploaded.
//
// A segment is one file, HOME/payloads/<id>. It is written by one Segment, sealed by sync(), and
// never changed afterwards except by appending. What was appended but not synced may be gone or
// torn after a crash; nobody refers to it then, because rows are written after the sync.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "model/job.h"
#include "store/disk.h"
#include "wire/http.h"

namespace twolane::store {

class Segment {
 public:
  Segment(SegmentId id, std::unique_ptr<File> file, int64_t size);
  SegmentId id() const { return id_; }
  int64_t size() const { return size_; }         // with what is still buffered
  Result<Slice> append(std::string_view bytes);  // on an error nothing was appended
  Status sync();                                 // all appended bytes are durable
  Status flush();  // all appended bytes are readable through Payloads::read

 private:
  SegmentId id_;
  std::unique_ptr<File> file_;
  int64_t size_ = 0;
  std::string buffer_;  // appended, not yet written
  bool synced_ = true;
};

class Payloads {
 public:
  explicit Payloads(Disk& disk) : disk_(disk) {}
  Status prepare();                                       // makes the directory
  Result<std::unique_ptr<Segment>> create(SegmentId id);  // an existing one is emptied
  Result<std::unique_ptr<Segment>> reopen(SegmentId id);  // to append; made if absent
  Result<std::string> read(const Slice& slice);
  // The whole segment as a source; it stays open while the source lives.
  Result<std::shared_ptr<const wire::ByteSource>> source(SegmentId id);
  Status remove(SegmentId id);
  Result<std::vector<SegmentId>> list();

 private:
  Result<std::shared_ptr<File>> opened(SegmentId id);

  Disk& disk_;
  // The segments read last, newest first: results are read line by line.
  std::vector<std::pair<SegmentId, std::shared_ptr<File>>> recent_;
};

}  // namespace twolane::store
