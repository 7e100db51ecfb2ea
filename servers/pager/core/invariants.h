// What holds between any two messages: the core's data against itself and against the page tables.
#ifndef SERVERS_PAGER_CORE_INVARIANTS_H
#define SERVERS_PAGER_CORE_INVARIANTS_H

#include "servers/pager/core/fake_kernel.h"

// Fails the test where one is broken: that every entry is one the core may have made (S1, S2 of
// space.h), that nodes, pages and swap slots are referred to as often as they say, lists are whole,
// counts are right, and free frames unmapped.
void CheckInvariants(FakeKernel *kernel);

#endif
