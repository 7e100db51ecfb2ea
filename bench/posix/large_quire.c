#include "bench/posix/large.h"
#include "bench/posix/measure.h"
#include "libsys/quire.h"

void large_pages(bool on) { must(quire_set_option(PAGER_LARGE_PAGES, on) >= 0, "large pages"); }
