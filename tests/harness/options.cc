#include "tests/harness/options.h"

#include <stdio.h>
#include <stdlib.h>

#include <map>

namespace target {

Arguments ParseArguments(int argc, char **argv) {
  Arguments a;
  const std::map<std::string, std::string *> strings = {
      {"program", &a.options.program}, {"kernel", &a.options.kernel}, {"initrd", &a.options.initrd},
      {"disk", &a.options.disk},       {"mem", &a.options.mem},       {"append", &a.options.append},
      {"cmd", &a.options.cmd},         {"swap", &a.options.swap},     {"script", &a.script},
  };
  for (int i = 1; i < argc; i++) {
    std::string arg = argv[i];
    size_t equals = arg.find('=');
    std::string name = arg.rfind("--", 0) == 0 ? arg.substr(2, equals - 2) : "";
    std::string value = equals == std::string::npos ? "" : arg.substr(equals + 1);
    auto string = strings.find(name);
    if (string != strings.end()) {
      *string->second = value;
    } else if (name == "smp") {
      a.options.smp = atoi(value.c_str());
    } else if (name == "swap_error") {
      a.options.swap_errors.push_back(value);
    } else if (name == "qemu") {
      a.options.qemu.push_back(value);
    } else if (arg == "--icount") {
      a.options.icount = true;
    } else if (arg == "--fsck") {
      a.fsck = true;
    } else if (arg == "--batch") {
      a.batch = true;
    } else {
      fprintf(stderr, "unknown argument '%s'\n", argv[i]);
      exit(2);
    }
  }
  return a;
}

}  // namespace target
