// Counters that the kernel keeps since boot. Sums over all harts.
#ifndef ABI_STATS_H
#define ABI_STATS_H

enum kernel_stat {
  STAT_ENTRIES = 0,   // traps and system calls into the kernel
  STAT_CALLS = 1,     // messages: calls, forwards and faults delivered
  STAT_SWITCHES = 2,  // changes of address space
  STAT_FAULTS = 3,    // page faults turned into messages
  STAT_SPURIOUS = 4,  // faults absorbed: the entry was valid by now, or only lacked A or D
  STAT_INTERRUPTS = 5,
  STAT_FENCES = 6,        // TLB fences, local
  STAT_SHOOTDOWNS = 7,    // TLB fences on other harts
  STAT_IDLE_INSTRET = 8,  // instret that passed while idle
  STAT_HARTS = 9,         // harts that run threads
  STAT_COUNT = 10,
};

#endif
