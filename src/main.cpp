/// Start the command line.
#include "cli/app.h"

int main(int argc, char** argv) { return inferometer::cli::main(argc, argv); }
