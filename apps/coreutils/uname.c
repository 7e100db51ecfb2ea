#include <stdio.h>
#include <sys/utsname.h>

#include "apps/coreutils/common.h"

const char program_name[] = "uname";
const char program_help[] =
    "usage: uname [-a]\n"
    "Prints the system's name; -a: with node, release, version and machine.\n";

int main(int argc, char **argv) {
  bool all = false;
  struct utsname name;
  common_flags(argc, argv, "a", &all);
  if (uname(&name)) return common_error("uname");
  if (all) {
    printf("%s %s %s %s %s\n", name.sysname, name.nodename, name.release, name.version,
           name.machine);
  } else {
    puts(name.sysname);
  }
  return 0;
}
