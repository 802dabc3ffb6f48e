// Text from models, providers and files, made safe to show on a terminal.
#include "app/escape.h"

#include <array>
#include <cstdint>
#include <cstdio>

namespace twolane::app {
namespace {

struct Decoded {
  uint32_t point = 0;
  size_t length = 1;
  bool valid = false;
};

// One code point of UTF-8: shortest form only, no surrogates, at most U+10FFFF.
Decoded decode(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t lead = byte(0);
  if (lead < 0x80) return {lead, 1, true};
  size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return {};
  uint32_t point = lead & (0x7Fu >> length);
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {};
    point = point << 6 | (byte(i) & 0x3F);
  }
  constexpr std::array<uint32_t, 5> least = {0, 0, 0x80, 0x800, 0x10000};
  if (point < least[length] || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF)) return {};
  return {point, length, true};
}

struct Range {
  uint32_t first, last;
};

template <size_t N>
bool within(const std::array<Range, N>& ranges, uint32_t point) {
  for (const auto& r : ranges)
    if (point >= r.first && point <= r.last) return true;
  return false;
}

// Invisible, or able to change how other text is shown.
constexpr std::array<Range, 14> hostile = {{{0x00, 0x1F},
                                            {0x7F, 0x9F},
                                            {0xAD, 0xAD},
                                            {0x34F, 0x34F},
                                            {0x61C, 0x61C},
                                            {0x115F, 0x1160},
                                            {0x180E, 0x180E},
                                            {0x200B, 0x200F},
                                            {0x2028, 0x202E},
                                            {0x2060, 0x206F},
                                            {0x3164, 0x3164},
                                            {0xFEFF, 0xFEFF},
                                            {0xFFF9, 0xFFFB},
                                            {0xE0000, 0xE0FFF}}};
constexpr std::array<Range, 4> combining = {
    {{0x300, 0x36F}, {0x1AB0, 0x1AFF}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}}};
constexpr std::array<Range, 8> wide = {{{0x1100, 0x115F},
                                        {0x2E80, 0x303E},
                                        {0x3041, 0xA4CF},
                                        {0xAC00, 0xD7A3},
                                        {0xF900, 0xFAFF},
                                        {0xFE30, 0xFE6F},
                                        {0xFF00, 0xFF60},
                                        {0x1F300, 0x1FAFF}}};

size_t width_of(uint32_t point) {
  if (within(combining, point)) return 0;
  return within(wide, point) || (point >= 0x20000 && point <= 0x3FFFD) ? 2 : 1;
}

void append_escape(std::string& out, uint32_t point, bool valid) {
  char text[16];
  if (valid && point == '\n') out += "\\n";
  else if (valid && point == '\t') out += "\\t";
  else if (valid && point == '\r') out += "\\r";
  else {
    const char* form = !valid || point < 0x80 ? "\\x%02x" : point > 0xFFFF ? "\\U%08X" : "\\u%04X";
    std::snprintf(text, sizeof text, form, static_cast<unsigned>(point));
    out += text;
  }
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Decoded d = decode(text);
    if (!d.valid) append_escape(out, static_cast<uint8_t>(text[0]), false);
    else if (within(hostile, d.point)) append_escape(out, d.point, true);
    else out.append(text.substr(0, d.length));
    text.remove_prefix(d.length);
  }
  return out;
}

std::string escaped(std::string_view text, size_t columns) {
  // No character takes more than four bytes, and none vanishes except combining ones, so this much of a
  // huge text decides everything that can be shown.
  const size_t enough = columns * 16 + 64;
  std::string all = escaped(text.substr(0, enough));
  if (text.size() <= enough && columns_of(all) <= columns) return all;
  if (columns <= 3) return std::string(cut_to(all, columns));
  return std::string(cut_to(all, columns - 3)) + "...";
}

size_t columns_of(std::string_view text) {
  size_t columns = 0;
  while (!text.empty()) {
    const Decoded d = decode(text);
    columns += d.valid ? width_of(d.point) : 1;
    text.remove_prefix(d.length);
  }
  return columns;
}

std::string_view cut_to(std::string_view text, size_t columns) {
  size_t used = 0, at = 0;
  while (at < text.size()) {
    const Decoded d = decode(text.substr(at));
    const size_t width = d.valid ? width_of(d.point) : 1;
    if (used + width > columns) break;
    used += width;
    at += d.length;
  }
  return text.substr(0, at);
}

}  // namespace twolane::app
