#ifndef TESTS_HARNESS_OPTIONS_H
#define TESTS_HARNESS_OPTIONS_H

#include "tests/harness/target.h"

namespace target {

// What both runners take, each as --NAME=VALUE after GoogleTest's own arguments.
struct Arguments {
  Options options;
  bool fsck = false;   // e2fsck the disk after each orderly end
  bool batch = false;  // of qemu_test
  std::string script;  // of script_test
};

// Prints what is wrong and exits with 2 if an argument is unknown.
Arguments ParseArguments(int argc, char **argv);

}  // namespace target

#endif
