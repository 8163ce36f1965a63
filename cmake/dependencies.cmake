# Find every library the project uses. All are imported targets, so their headers count as system headers.
#
# required    CLI11::CLI11  fmt::fmt  nlohmann_json::nlohmann_json  tomlplusplus::tomlplusplus  SQLite::SQLite3
#             OpenSSL::Crypto  Threads::Threads  JPEG::JPEG  PNG::PNG  ZLIB::ZLIB  inferometer::onnx_proto  inferometer::openblas
#             Boost::headers  Eigen3::Eigen  Ceres::ceres  PkgConfig::Duktape  PkgConfig::Cairo  PkgConfig::Rsvg
#             PkgConfig::Imagequant  GIF::GIF; and INFEROMETER_ECHARTS, the folder with echarts.min.js and its licences
# for tests   GTest::gtest  GTest::gtest_main
# for bench   benchmark::benchmark, where it is installed
# frameworks  inferometer::onnxruntime  openvino::runtime  inferometer::torch  inferometer::opencv_dnn; an absent one has its
#             reason in <FRAMEWORK>_MISSING_REASON (empty when it is there), and its engine is not built

list(PREPEND CMAKE_MODULE_PATH ${CMAKE_CURRENT_LIST_DIR})
set(missing "")

find_package(Threads REQUIRED)
foreach(package IN ITEMS CLI11 fmt nlohmann_json tomlplusplus SQLite3 OpenSSL Protobuf JPEG PNG ZLIB Boost Eigen3 Ceres GIF PkgConfig)
  find_package(${package} QUIET)
  if(NOT ${package}_FOUND)
    list(APPEND missing ${package})
  endif()
endforeach()

# Charts: libraries that describe themselves to pkg-config alone, and the script that scripts/setup fetches.
if(PkgConfig_FOUND)
  foreach(pair IN ITEMS Duktape=duktape Cairo=cairo Rsvg=librsvg-2.0 Imagequant=imagequant)
    string(REPLACE "=" ";" pair ${pair})
    list(GET pair 0 name)
    list(GET pair 1 module)
    pkg_check_modules(${name} QUIET IMPORTED_TARGET ${module})
    if(NOT ${name}_FOUND)
      list(APPEND missing ${name})
    endif()
  endforeach()
endif()
set(INFEROMETER_ECHARTS ${PROJECT_SOURCE_DIR}/.deps/echarts CACHE PATH "Apache ECharts: a folder with echarts.min.js and its licences")
if(NOT EXISTS ${INFEROMETER_ECHARTS}/echarts.min.js)
  list(APPEND missing ECharts)
endif()

if(INFEROMETER_TESTS)
  find_package(GTest QUIET)
  if(NOT GTest_FOUND)
    list(APPEND missing GTest)
  endif()
endif()
find_package(benchmark QUIET)

# ONNX: the messages, and onnx::checker with the operator schemas. Found by hand because the package's own CMake targets
# have other names in Debian 12 than in 13; the two definitions are those that the library was built with.
find_path(ONNX_INCLUDE_DIR onnx/onnx_pb.h)
find_library(ONNX_PROTO_LIBRARY onnx_proto)
find_library(ONNX_LIBRARY onnx)
mark_as_advanced(ONNX_INCLUDE_DIR ONNX_PROTO_LIBRARY ONNX_LIBRARY)
if(ONNX_INCLUDE_DIR AND ONNX_PROTO_LIBRARY AND ONNX_LIBRARY)
  add_library(inferometer::onnx_proto INTERFACE IMPORTED)
  target_include_directories(inferometer::onnx_proto INTERFACE ${ONNX_INCLUDE_DIR})
  target_compile_definitions(inferometer::onnx_proto INTERFACE ONNX_NAMESPACE=onnx ONNX_ML=1)
  target_link_libraries(inferometer::onnx_proto INTERFACE ${ONNX_LIBRARY} ${ONNX_PROTO_LIBRARY} protobuf::libprotobuf)
else()
  list(APPEND missing ONNX)
endif()

# OpenBLAS, the pthread flavour before any other, so that openblas_set_num_threads holds for the whole process.
find_path(OPENBLAS_INCLUDE_DIR NAMES openblas_config.h PATH_SUFFIXES openblas-pthread openblas)
find_library(OPENBLAS_LIBRARY openblas PATH_SUFFIXES openblas-pthread)
mark_as_advanced(OPENBLAS_INCLUDE_DIR OPENBLAS_LIBRARY)
if(OPENBLAS_INCLUDE_DIR AND OPENBLAS_LIBRARY)
  add_library(inferometer::openblas INTERFACE IMPORTED)
  target_include_directories(inferometer::openblas INTERFACE ${OPENBLAS_INCLUDE_DIR})
  target_link_libraries(inferometer::openblas INTERFACE ${OPENBLAS_LIBRARY} Threads::Threads)
else()
  list(APPEND missing OpenBLAS)
endif()

if(missing)
  list(JOIN missing ", " missing)
  message(FATAL_ERROR "Not found: ${missing}. scripts/setup installs everything the project needs.")
endif()

set(ONNXRUNTIME_MISSING_REASON "")
find_package(OnnxRuntime QUIET)
if(NOT OnnxRuntime_FOUND)
  set(ONNXRUNTIME_MISSING_REASON
    "ONNX Runtime's library or headers were not found when this was built: run scripts/setup or set ONNXRUNTIME_ROOT, then configure and build again")
endif()

set(OPENVINO_MISSING_REASON "")
find_package(OpenVINO QUIET COMPONENTS Runtime HINTS ${PROJECT_SOURCE_DIR}/.deps/openvino/openvino/cmake)
if(NOT OpenVINO_FOUND)
  set(OPENVINO_MISSING_REASON
    "OpenVINO was not found when this was built: run scripts/setup or set OpenVINO_DIR, then configure and build again")
endif()

# libtorch, by hand: the package's own CMake files ask for compilers and libraries that inference does not need. A build for
# NVIDIA GPUs registers itself when its library is loaded, so that one is linked though no symbol of it is used.
set(TORCH_MISSING_REASON "")
set(TORCH_ROOT "" CACHE PATH "libtorch: a folder with include/ and lib/, if not the system's")
find_path(TORCH_INCLUDE_DIR ATen/core/Tensor.h HINTS ${TORCH_ROOT}/include)
find_library(TORCH_CPU_LIBRARY torch_cpu HINTS ${TORCH_ROOT}/lib)
find_library(TORCH_C10_LIBRARY c10 HINTS ${TORCH_ROOT}/lib)
find_library(TORCH_CUDA_LIBRARY torch_cuda HINTS ${TORCH_ROOT}/lib)
mark_as_advanced(TORCH_INCLUDE_DIR TORCH_CPU_LIBRARY TORCH_C10_LIBRARY TORCH_CUDA_LIBRARY)
if(TORCH_INCLUDE_DIR AND TORCH_CPU_LIBRARY AND TORCH_C10_LIBRARY)
  add_library(inferometer::torch INTERFACE IMPORTED)
  target_include_directories(inferometer::torch INTERFACE ${TORCH_INCLUDE_DIR})
  target_link_libraries(inferometer::torch INTERFACE ${TORCH_CPU_LIBRARY} ${TORCH_C10_LIBRARY})
  if(TORCH_CUDA_LIBRARY)
    target_link_libraries(inferometer::torch INTERFACE -Wl,--push-state,--no-as-needed ${TORCH_CUDA_LIBRARY} -Wl,--pop-state)
  endif()
else()
  set(TORCH_MISSING_REASON
    "libtorch was not found when this was built: run scripts/setup or set TORCH_ROOT, then configure and build again")
endif()

# OpenCV, core and dnn alone, by hand: the package's own CMake files name every module's dependencies.
set(OPENCV_MISSING_REASON "")
set(OPENCV_ROOT "" CACHE PATH "OpenCV: a folder with include/opencv4/ and lib/, if not the system's")
find_path(OPENCV_INCLUDE_DIR opencv2/dnn.hpp HINTS ${OPENCV_ROOT}/include PATH_SUFFIXES opencv4)
find_library(OPENCV_DNN_LIBRARY opencv_dnn HINTS ${OPENCV_ROOT}/lib)
find_library(OPENCV_CORE_LIBRARY opencv_core HINTS ${OPENCV_ROOT}/lib)
mark_as_advanced(OPENCV_INCLUDE_DIR OPENCV_DNN_LIBRARY OPENCV_CORE_LIBRARY)
if(OPENCV_INCLUDE_DIR AND OPENCV_DNN_LIBRARY AND OPENCV_CORE_LIBRARY)
  add_library(inferometer::opencv_dnn INTERFACE IMPORTED)
  target_include_directories(inferometer::opencv_dnn INTERFACE ${OPENCV_INCLUDE_DIR})
  target_link_libraries(inferometer::opencv_dnn INTERFACE ${OPENCV_DNN_LIBRARY} ${OPENCV_CORE_LIBRARY})
else()
  set(OPENCV_MISSING_REASON
    "OpenCV's DNN module was not found when this was built: run scripts/setup or set OPENCV_ROOT, then configure and build again")
endif()
