#ifndef _QUIRE_LIMITS_H
#define _QUIRE_LIMITS_H

/* The compiler's own may come first, and does not always ask for the system's. */
#include_next <limits.h>
#include <sys/syslimits.h>

#endif
