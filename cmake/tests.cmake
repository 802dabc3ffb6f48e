# One test program for each room that has tests, and tests/*_test.cc for the whole.

find_package(GTest REQUIRED)
include(GoogleTest)

function(test_program name)
  add_executable(${name} ${ARGN})
  target_link_libraries(${name} PRIVATE GTest::gtest GTest::gtest_main)
  target_compile_definitions(${name} PRIVATE TWOLANE_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
    TWOLANE_SHARED_DIR="${PROJECT_SOURCE_DIR}/../shared")
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 120 PROPERTIES TIMEOUT 600)
endfunction()

get_property(rooms GLOBAL PROPERTY twolane_rooms)
foreach(room ${rooms})
  get_property(tests GLOBAL PROPERTY twolane_tests_${room})
  if(tests)
    test_program(${room}_test ${tests})
    target_link_libraries(${room}_test PRIVATE twolane_${room})
    target_precompile_headers(${room}_test REUSE_FROM twolane_pch_light)
    # The room is optimised, its tests need to compile fast. GoogleTest's macros are an if of their own.
    target_compile_options(${room}_test PRIVATE -Og -Wno-dangling-else)
  endif()
endforeach()

file(GLOB whole CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/*_test.cc)
foreach(source ${whole})
  get_filename_component(name ${source} NAME_WE)
  string(REGEX REPLACE "_test\\.cc$" "/*.cc" beside ${source})  # what the test needs, when that is much
  file(GLOB beside CONFIGURE_DEPENDS ${beside})
  test_program(${name} ${source} ${beside})
  target_link_libraries(${name} PRIVATE twolane_app)
  target_precompile_headers(${name} REUSE_FROM twolane_pch_light)
endforeach()

# Checks of the sources themselves.
find_package(Python3 REQUIRED COMPONENTS Interpreter)
add_test(NAME sources.includes COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/scripts/check_includes.py)
add_test(NAME sources.includes_check
  COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/scripts/check_includes_test.py)
add_test(NAME sources.must_not_compile
  COMMAND bash ${PROJECT_SOURCE_DIR}/scripts/check_must_not_compile.sh ${CMAKE_CXX_COMPILER})

# The program as users start it, a test for each file: they mostly wait, and so run beside one another.
file(GLOB commands CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/command/*_test.py)
foreach(source ${commands})
  get_filename_component(name ${source} NAME_WE)
  add_test(NAME command.${name}
    COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/tests/command/all.py $<TARGET_FILE:twolane> ${name}.)
endforeach()
