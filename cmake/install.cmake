# Install a tree that works wherever it is moved to:
#   bin/inferometer
#   lib/inferometer/engines/<name>.so      or <name>.absent, the reason why it was not built
#   lib/inferometer/<framework>/           shared libraries of frameworks that are not part of the system
#
# The folder is lib on every system, not lib64 or lib/<triplet>: the loader looks at <folder of the executable>/../lib.
include(GNUInstallDirs)
set(inferometer_library_folder lib/inferometer)

install(TARGETS inferometer RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})

get_property(targets DIRECTORY ${PROJECT_SOURCE_DIR}/engines PROPERTY BUILDSYSTEM_TARGETS)
foreach(target IN LISTS targets)
  get_target_property(type ${target} TYPE)
  if(type STREQUAL MODULE_LIBRARY)
    install(TARGETS ${target} LIBRARY DESTINATION ${inferometer_library_folder}/engines)
  endif()
endforeach()
file(GLOB notes ${PROJECT_BINARY_DIR}/engines/*.absent)
install(FILES ${notes} DESTINATION ${inferometer_library_folder}/engines)

# Copy a framework's libraries and licences beside the plugins and let the plugin find them there. Only for what
# scripts/setup fetched: a library of the system stays where it is.
function(inferometer_install_framework name)
  cmake_parse_arguments(framework "" "" "LIBRARIES;LICENSES" ${ARGN})
  if(NOT TARGET engine_${name} OR NOT framework_LIBRARIES)
    return()
  endif()
  set_target_properties(engine_${name} PROPERTIES INSTALL_RPATH "$ORIGIN/../${name}")
  install(FILES ${framework_LIBRARIES} DESTINATION ${inferometer_library_folder}/${name} PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
  install(FILES ${framework_LICENSES} DESTINATION ${inferometer_library_folder}/${name}/licenses)
endfunction()

# The links lib*.so and lib*.so.1 are not copied: a plugin asks for the soname, and that link is made anew.
set(folder ${PROJECT_SOURCE_DIR}/.deps/onnxruntime)
if(TARGET engine_onnxruntime)
  cmake_path(IS_PREFIX folder "${OnnxRuntime_LIBRARY}" ours)
  if(ours)
    file(GLOB libraries ${folder}/onnxruntime/capi/libonnxruntime*.so*)
    file(GLOB licenses ${folder}/onnxruntime/LICENSE ${folder}/onnxruntime/ThirdPartyNotices.txt)
    inferometer_install_framework(onnxruntime LIBRARIES ${libraries} LICENSES ${licenses})
    file(GLOB library ${folder}/onnxruntime/capi/libonnxruntime.so.*)
    cmake_path(GET library FILENAME library)
    install(CODE "file(CREATE_LINK ${library}
      \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${inferometer_library_folder}/onnxruntime/libonnxruntime.so.1\" SYMBOLIC)")
  endif()
endif()

set(folder ${PROJECT_SOURCE_DIR}/.deps/openvino)
if(TARGET engine_openvino)
  cmake_path(IS_PREFIX folder "${OpenVINO_DIR}" ours)
  if(ours)
    file(GLOB libraries ${folder}/openvino/libs/lib*.so*)
    file(GLOB_RECURSE licenses ${folder}/*.dist-info/licenses/*)
    inferometer_install_framework(openvino LIBRARIES ${libraries} LICENSES ${licenses})
  endif()
endif()

install(DIRECTORY ${PROJECT_SOURCE_DIR}/studies ${PROJECT_SOURCE_DIR}/published DESTINATION ${CMAKE_INSTALL_DATADIR}/inferometer)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/inferometer)
# ECharts is part of the executable and of every report; its licences and notice travel with it.
file(GLOB notices ${INFEROMETER_ECHARTS}/LICENSE* ${INFEROMETER_ECHARTS}/NOTICE)
install(FILES ${notices} DESTINATION ${CMAKE_INSTALL_DATADIR}/inferometer/third-party/echarts)
