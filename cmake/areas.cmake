# An area is one folder under src/ and one static library inferometer_<name>.
# Sources are globbed so that a new file needs no registration.
function(inferometer_area name)
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${name}/*.cpp)
  add_library(inferometer_${name} STATIC ${sources})
  target_include_directories(inferometer_${name} PUBLIC ${PROJECT_SOURCE_DIR}/src)
  list(TRANSFORM ARGN PREPEND inferometer_)
  target_link_libraries(inferometer_${name} PUBLIC ${ARGN})
endfunction()

# A protobuf schema becomes a static library of its own, whose generated code is not held to our warnings.
function(inferometer_schema name file)
  get_filename_component(stem ${file} NAME_WE)
  get_filename_component(folder ${file} DIRECTORY)
  set(generated ${PROJECT_BINARY_DIR}/schemas)
  file(MAKE_DIRECTORY ${generated})
  add_custom_command(
    OUTPUT ${generated}/${stem}.pb.cc ${generated}/${stem}.pb.h
    COMMAND protobuf::protoc --proto_path=${PROJECT_SOURCE_DIR}/${folder} --cpp_out=${generated} ${PROJECT_SOURCE_DIR}/${file}
    DEPENDS ${PROJECT_SOURCE_DIR}/${file} VERBATIM)
  add_library(inferometer_${name} STATIC ${generated}/${stem}.pb.cc ${generated}/${stem}.pb.h)
  target_include_directories(inferometer_${name} SYSTEM PUBLIC ${generated})
  target_compile_options(inferometer_${name} PRIVATE -w)
  target_link_libraries(inferometer_${name} PUBLIC protobuf::libprotobuf)
endfunction()

# An engine is one folder under engines/ and one shared object engines/<name>.so beside the binary.
# Frameworks are linked to the plugin alone; the name in the file is the engine's name.
function(inferometer_engine name)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.cpp)
  add_library(engine_${name} MODULE ${sources})
  set_target_properties(engine_${name} PROPERTIES
    PREFIX "" OUTPUT_NAME ${name}
    LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/engines)
  target_include_directories(engine_${name} PRIVATE ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(engine_${name} PRIVATE inferometer_graph ${ARGN})
  file(REMOVE ${PROJECT_BINARY_DIR}/engines/${name}.absent)
endfunction()

# An engine whose framework is missing leaves a note with the reason where its plugin would be.
function(inferometer_engine_absent name reason)
  message(STATUS "engine ${name} is not built: ${reason}")
  file(REMOVE ${PROJECT_BINARY_DIR}/engines/${name}.so)
  file(WRITE ${PROJECT_BINARY_DIR}/engines/${name}.absent "${reason}\n")
endfunction()
