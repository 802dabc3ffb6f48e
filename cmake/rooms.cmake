# room(NAME [other rooms...] [HEAVY] [LIBS targets...]): one static library from src/NAME/*.cc and, with
# tests on, one test program NAME_test from src/NAME/*_test.cc.
#
# All rooms share one precompiled header (the standard library and JSON); HEAVY rooms share a second
# one that adds Boost.Asio and Beast.

set(pch_light <algorithm> <array> <bit> <charconv> <chrono> <cstdint> <deque> <expected> <functional>
  <map> <memory> <optional> <set> <span> <string> <string_view> <unordered_map> <unordered_set>
  <utility> <variant> <vector> ${PROJECT_SOURCE_DIR}/cmake/json_header.h <simdjson.h>)
set(pch_heavy ${pch_light} <boost/asio.hpp> <boost/asio/ssl.hpp> <boost/beast/http.hpp>)

file(WRITE ${CMAKE_BINARY_DIR}/pch.cc "// the precompiled headers need one source\n")
foreach(weight light heavy)
  add_library(twolane_pch_${weight} OBJECT ${CMAKE_BINARY_DIR}/pch.cc)
  target_link_libraries(twolane_pch_${weight} PRIVATE twolane_options simdjson::simdjson
    nlohmann_json::nlohmann_json Boost::headers OpenSSL::SSL)
  target_precompile_headers(twolane_pch_${weight} PRIVATE ${pch_${weight}})
endforeach()

function(room name)
  cmake_parse_arguments(R "HEAVY" "" "LIBS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${name}/*.cc
    ${PROJECT_SOURCE_DIR}/src/${name}/*/*.cc)
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(FILTER sources EXCLUDE REGEX "(_test|/main)\\.cc$")
  if(NOT sources)
    file(WRITE ${CMAKE_BINARY_DIR}/empty_${name}.cc "")
    set(sources ${CMAKE_BINARY_DIR}/empty_${name}.cc)
  endif()
  set(weight light)
  if(R_HEAVY)
    set(weight heavy)
  endif()
  add_library(twolane_${name} STATIC ${sources})
  target_link_libraries(twolane_${name} PUBLIC twolane_options ${R_LIBS} Threads::Threads)
  target_link_libraries(twolane_${name} PUBLIC simdjson::simdjson nlohmann_json::nlohmann_json)
  if(R_HEAVY)
    target_link_libraries(twolane_${name} PUBLIC Boost::headers OpenSSL::SSL)
  endif()
  foreach(other ${R_UNPARSED_ARGUMENTS})
    target_link_libraries(twolane_${name} PUBLIC twolane_${other})
  endforeach()
  target_precompile_headers(twolane_${name} REUSE_FROM twolane_pch_${weight})
  set_property(GLOBAL PROPERTY twolane_tests_${name} "${tests}")
  set_property(GLOBAL APPEND PROPERTY twolane_rooms ${name})
endfunction()
