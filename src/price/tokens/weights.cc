// Written by scripts/calibrate_tokens.py; not by hand. What the errors mean is in docs/quotes.md.
#include "price/tokens/weights.h"

namespace twolane::price::tokens {
namespace {

// In the order of Family and Feature.
constexpr Weights weights[] = {
    {{886, 270, 8, 41, 153, 1178, 1018, 44, 608, 26, 0, 447, 406, 306, 491, 377, 397, 388, 942, 729, 818, 0, 714},
     60, 151},  // o200k
    {{899, 320, 0, 0, 126, 1252, 1054, 18, 254, 33, 770, 475, 0, 595, 1101, 950, 1314, 1058, 1438, 1034, 1242, 0, 482},
     60, 197},  // cl100k
    {{1008, 307, 9, 47, 174, 1340, 1158, 50, 691, 30, 0, 508, 461, 348, 559, 428, 452, 442, 1071, 829, 930, 0, 812},
     150, 250},  // claude
    {{794, 242, 7, 37, 137, 1055, 912, 40, 545, 23, 0, 400, 363, 274, 440, 337, 356, 348, 844, 653, 732, 0, 639},
     150, 250},  // gemini
    {{975, 297, 8, 45, 168, 1296, 1120, 49, 669, 29, 0, 491, 446, 337, 541, 414, 437, 427, 1036, 802, 899, 0, 785},
     250, 350},  // other
};

}  // namespace

const Weights& weights_of(Family family) { return weights[static_cast<size_t>(family)]; }

}  // namespace twolane::price::tokens
