# Find ONNX Runtime's library and C++ headers and define the target inferometer::onnxruntime.
#
# Where: ONNXRUNTIME_ROOT (a folder with include/ and lib/; by default what scripts/setup put under .deps/), then the system.
# ONNXRUNTIME_INCLUDE (variable or environment) names another header folder. Headers carry an API number and serve every
# library that is as new or newer, so the two need not be of one version.

set(ONNXRUNTIME_ROOT ${PROJECT_SOURCE_DIR}/.deps/onnxruntime CACHE PATH "ONNX Runtime: a folder with include/ and lib/")
set(ONNXRUNTIME_INCLUDE "$ENV{ONNXRUNTIME_INCLUDE}" CACHE PATH "A folder with onnxruntime_cxx_api.h, if not ONNXRUNTIME_ROOT's")

find_path(OnnxRuntime_INCLUDE_DIR onnxruntime_cxx_api.h
  HINTS ${ONNXRUNTIME_INCLUDE} ${ONNXRUNTIME_ROOT}/include PATH_SUFFIXES onnxruntime onnxruntime/core/session)
find_library(OnnxRuntime_LIBRARY onnxruntime HINTS ${ONNXRUNTIME_ROOT}/lib)
mark_as_advanced(OnnxRuntime_INCLUDE_DIR OnnxRuntime_LIBRARY)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(OnnxRuntime REQUIRED_VARS OnnxRuntime_LIBRARY OnnxRuntime_INCLUDE_DIR)

if(OnnxRuntime_FOUND AND NOT TARGET inferometer::onnxruntime)
  add_library(inferometer::onnxruntime SHARED IMPORTED)
  set_target_properties(inferometer::onnxruntime PROPERTIES
    IMPORTED_LOCATION ${OnnxRuntime_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES ${OnnxRuntime_INCLUDE_DIR})
endif()
