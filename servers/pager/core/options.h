// The table of options (protocols/pager_options.h).
#ifndef SERVERS_PAGER_CORE_OPTIONS_H
#define SERVERS_PAGER_CORE_OPTIONS_H

struct pager;

void options_init(struct pager *pager);

#endif
