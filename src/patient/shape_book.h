// The shapes of a job and where each may run, numbered while its lines are read.
//
// Memory is bounded: beyond a number of different parameter sets the rest share one shape.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "model/job.h"

namespace twolane::patient {

// Where requests for one model may go, and in which words.
class Route {
 public:
  Route(std::vector<Target> targets);

  struct Reach {
    std::vector<Endpoint> endpoints;  // of each target
    bool translates = false;          // one of them differs from the endpoint asked about
  };
  // For requests written as `written`. Errors provider.no_endpoint, input.model (an embeddings
  // model asked to chat).
  const Result<Reach>& reach(Endpoint written);

  const std::vector<Target>& targets() const { return targets_; }
  int64_t output_limit() const { return output_limit_; }  // the largest of its models

 private:
  std::vector<Target> targets_;
  int64_t output_limit_ = 0;
  std::array<std::optional<Result<Reach>>, endpoint_count> reaches_;
};

class ShapeBook {
 public:
  static constexpr size_t most_routes = 1000;
  static constexpr int32_t most_fingerprints = 256;  // of one route and endpoint

  // With no models given by the command, each line's own model is looked up.
  explicit ShapeBook(std::vector<Target> models);

  // The route for a line that names `model` (perhaps empty). Error input.model.
  Result<int32_t> route(std::string_view model);
  Route& at(int32_t route) { return routes_[static_cast<size_t>(route)]; }

  int32_t shape(int32_t route, Endpoint endpoint, uint64_t fingerprint);
  const std::vector<Shape>& shapes() const { return shapes_; }
  std::vector<Shape>& shapes() { return shapes_; }

 private:
  struct Known {
    int32_t route = -1;
    Endpoint endpoint{};
    uint64_t fingerprint = 0;
    bool operator==(const Known&) const = default;
  };
  struct KnownHash {
    size_t operator()(const Known& k) const {
      return static_cast<size_t>(k.fingerprint ^ (static_cast<uint64_t>(k.route) << 8) ^
                                 static_cast<uint64_t>(k.endpoint));
    }
  };
  int32_t add(const Known& known);

  bool fixed_ = false;
  std::vector<Route> routes_;
  std::vector<Shape> shapes_;
  std::unordered_map<std::string, int32_t> by_model_;
  std::unordered_map<Known, int32_t, KnownHash> by_parameters_;
  std::unordered_map<Known, int32_t, KnownHash> groups_;  // shapes of each route and endpoint
  std::string last_model_;
  int32_t last_route_ = -1, last_shape_ = -1;
  Known last_known_;
};

}  // namespace twolane::patient
