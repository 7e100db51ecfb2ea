// Another system: as it is configured.
#include "bench/posix/large.h"

void large_pages(bool on) { (void)on; }
