/// Time ONNX Runtime in the plainest loop there is: the peer that our own figures are held against.
///
/// Usage: onnxruntime_loop MODEL.onnx THREADS SECONDS
/// Prints the median of the runs in milliseconds. Shares no line with the rest of the project. MODEL has fixed shapes.

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include <onnxruntime_cxx_api.h>

int main(int count, char** arguments) try {
  if (count != 4) return std::fprintf(stderr, "usage: onnxruntime_loop MODEL.onnx THREADS SECONDS\n"), 2;
  using Clock = std::chrono::steady_clock;
  const std::chrono::duration<double> seconds(std::atof(arguments[3]));

  Ort::Env environment(ORT_LOGGING_LEVEL_ERROR, "loop");
  Ort::SessionOptions options;
  options.SetIntraOpNumThreads(std::atoi(arguments[2]));
  Ort::Session session(environment, arguments[1], options);

  Ort::AllocatorWithDefaultOptions allocator;
  const auto input_name = session.GetInputNameAllocated(0, allocator), output_name = session.GetOutputNameAllocated(0, allocator);
  const char* const inputs[] = {input_name.get()};
  const char* const outputs[] = {output_name.get()};
  const Ort::TypeInfo type = session.GetInputTypeInfo(0);
  Ort::Value input = Ort::Value::CreateTensor<float>(allocator, type.GetTensorTypeAndShapeInfo().GetShape().data(),
                                                     type.GetTensorTypeAndShapeInfo().GetDimensionsCount());
  const std::size_t elements = input.GetTensorTypeAndShapeInfo().GetElementCount();
  for (std::size_t i = 0; i < elements; ++i) input.GetTensorMutableData<float>()[i] = std::sin(0.001f * static_cast<float>(i));

  const auto run = [&] { session.Run(Ort::RunOptions{nullptr}, inputs, &input, 1, outputs, 1); };
  for (const auto start = Clock::now(); Clock::now() - start < seconds / 4;) run();
  std::vector<double> milliseconds;
  for (const auto start = Clock::now(); Clock::now() - start < seconds;) {
    const auto before = Clock::now();
    run();
    milliseconds.push_back(std::chrono::duration<double, std::milli>(Clock::now() - before).count());
  }
  std::sort(milliseconds.begin(), milliseconds.end());
  const std::size_t middle = milliseconds.size() / 2;
  std::printf("%.6f\n", milliseconds.size() % 2 == 1 ? milliseconds[middle] : (milliseconds[middle - 1] + milliseconds[middle]) / 2);
} catch (const std::exception& exception) {
  std::fprintf(stderr, "onnxruntime_loop: %s\n", exception.what());
  return 1;
}
