# Embed a file in an area's library, so that the installed program needs no file beside it. The area declares
# `std::string_view NAME();` in a header of its own; the view is valid as long as the program runs.
function(inferometer_embed area name file)
  set(generated ${PROJECT_BINARY_DIR}/embedded/${area}_${name}.cpp)
  configure_file(${PROJECT_SOURCE_DIR}/cmake/embed.cpp.in ${generated} @ONLY)
  # The assembler reads the file, and no compiler's list of dependencies shows that.
  set_source_files_properties(${generated} PROPERTIES OBJECT_DEPENDS ${file})
  target_sources(inferometer_${area} PRIVATE ${generated})
endfunction()
