// Looked up once per line, so what the line before needed is tried first.
#include "patient/shape_book.h"

#include <algorithm>

#include "dialect/catalogue.h"

namespace twolane::patient {
namespace {

// Where neither request nor catalogue names a limit. No current model writes more.
constexpr int64_t unknown_output_limit = 131'072;

// 64 bits that stay the same from build to build.
uint64_t mix(uint64_t hash, std::string_view bytes) {
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ull;
  return (hash ^ (hash >> 29)) * 0xBF58476D1CE4E5B9ull;
}

uint64_t fingerprint_of(Endpoint endpoint, const std::vector<Target>& targets,
                        uint64_t parameters) {
  uint64_t hash = mix(0xCBF29CE484222325ull, wire_name(endpoint));
  for (const Target& t : targets) hash = mix(mix(hash, t.provider), t.model);
  hash ^= parameters;
  return (hash ^ (hash >> 32)) * 0x94D049BB133111EBull;
}

std::string_view kind(Operation operation) {
  switch (operation) {
    case Operation::embedding:
      return "embeddings";
    case Operation::moderation:
      return "moderations";
    default:
      return "chat";
  }
}

Error wrong_kind(const Target& target, Operation model, Endpoint written) {
  Error e;
  e.code = "input.model";
  e.message = target.model + " is a model for " + std::string(kind(model));
  e.why = std::string(wire_name(written)) + " is for " + std::string(kind(operation_of(written)));
  e.where.field = "model";
  e.where.provider = target.provider;
  e.next = {"choose a model for " + std::string(kind(operation_of(written)))};
  return e;
}

}  // namespace

Route::Route(std::vector<Target> targets) : targets_(std::move(targets)) {
  for (const Target& t : targets_) {
    const auto* model = dialect::find_model(t.provider, t.model);
    const int64_t limit = !model ? unknown_output_limit
                          : model->operation == Operation::chat && model->output_limit == 0
                              ? unknown_output_limit
                              : model->output_limit;
    output_limit_ = std::max(output_limit_, limit);
  }
}

const Result<Route::Reach>& Route::reach(Endpoint written) {
  auto& known = reaches_[static_cast<size_t>(written)];
  if (known) return *known;
  Reach reach;
  for (const Target& t : targets_) {
    const auto* model = dialect::find_model(t.provider, t.model);
    if (model && model->operation != operation_of(written))
      return known.emplace(fail(wrong_kind(t, model->operation, written)));
    auto endpoint = dialect::endpoint_at(t.provider, written, ServiceTier::batch);
    if (!endpoint) return known.emplace(fail(endpoint.error()));
    reach.endpoints.push_back(*endpoint);
    reach.translates |= *endpoint != written;
  }
  return known.emplace(std::move(reach));
}

ShapeBook::ShapeBook(std::vector<Target> models) : fixed_(!models.empty()) {
  if (fixed_) routes_.emplace_back(std::move(models));
}

Result<int32_t> ShapeBook::route(std::string_view model) {
  if (fixed_) return 0;
  if (last_route_ >= 0 && model == last_model_) return last_route_;
  std::string name(model);
  auto known = by_model_.find(name);
  if (known == by_model_.end()) {
    if (routes_.size() == most_routes)
      return fail("input.model", "the input names more than 1,000 models",
                  "no provider has that many: these are no names of models");
    Target target = TRY(dialect::parse_target(model));
    // Two spellings of one model are one route.
    const auto same = std::ranges::find_if(
        routes_, [&](const Route& r) { return r.targets().front() == target; });
    const auto number = static_cast<int32_t>(same - routes_.begin());
    if (same == routes_.end()) routes_.emplace_back(std::vector{std::move(target)});
    known = by_model_.emplace(std::move(name), number).first;
  }
  last_model_ = model;
  return last_route_ = known->second;
}

int32_t ShapeBook::shape(int32_t route, Endpoint endpoint, uint64_t fingerprint) {
  const Known known{route, endpoint, fingerprint};
  if (last_shape_ >= 0 && known == last_known_) return last_shape_;
  const auto found = by_parameters_.find(known);
  last_shape_ = found != by_parameters_.end() ? found->second : add(known);
  last_known_ = known;
  return last_shape_;
}

int32_t ShapeBook::add(const Known& known) {
  const auto next = static_cast<int32_t>(shapes_.size());
  int32_t& in_group = groups_[{known.route, known.endpoint, 0}];
  Known key = known;
  if (in_group >= most_fingerprints) {
    key.fingerprint = 0;  // the shape of all the rest
    if (const auto rest = by_parameters_.find(key); rest != by_parameters_.end())
      return rest->second;
  }
  ++in_group;
  Shape shape;
  shape.number = next;
  shape.endpoint = key.endpoint;
  shape.targets = at(key.route).targets();
  shape.fingerprint = fingerprint_of(key.endpoint, shape.targets, key.fingerprint);
  shapes_.push_back(std::move(shape));
  by_parameters_.emplace(key, next);
  return next;
}

}  // namespace twolane::patient
