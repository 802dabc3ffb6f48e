# embed_text(TARGET FILE SYMBOL): compiles a text file into TARGET as the bytes
#   extern const char SYMBOL[]; extern const unsigned long SYMBOL_size;
# The generated source lies in the build directory and follows every change of FILE.

set(embed_script ${CMAKE_CURRENT_LIST_FILE})

function(embed_text target file symbol)
  set(source ${CMAKE_BINARY_DIR}/embedded/${symbol}.cc)
  add_custom_command(OUTPUT ${source}
    COMMAND ${CMAKE_COMMAND} -DFILE=${file} -DSYMBOL=${symbol} -DSOURCE=${source} -P ${embed_script}
    DEPENDS ${file} ${embed_script} VERBATIM)
  target_sources(${target} PRIVATE ${source})
  set_source_files_properties(${source} PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
endfunction()

if(CMAKE_SCRIPT_MODE_FILE)
  file(READ ${FILE} hex HEX)
  string(REGEX REPLACE "(..)" "'\\\\x\\1'," bytes "${hex}")
  file(WRITE ${SOURCE} "// generated from ${FILE}
extern const char ${SYMBOL}[];
extern const unsigned long ${SYMBOL}_size;
const char ${SYMBOL}[] = {${bytes}'\\0'};
const unsigned long ${SYMBOL}_size = sizeof(${SYMBOL}) - 1;
")
endif()
