// What becomes of the caller of an operation.
#ifndef SERVERS_FS_ANSWER_H_
#define SERVERS_FS_ANSWER_H_

#include <stdint.h>

#include "abi/event.h"
#include "abi/handle.h"

enum answer_kind {
  ANSWER_REPLY = 0,    // gets word[0..]
  ANSWER_FORWARD = 1,  // goes on to the server `to`, with word[0..]
  ANSWER_NONE = 2,     // is answered later, or has been
};

struct answer {
  enum answer_kind kind;
  handle_t to;
  uint64_t word[REPLY_WORDS];
};

static inline void answer_status(struct answer *answer, int64_t status) {
  answer->kind = ANSWER_REPLY;
  answer->word[0] = (uint64_t)status;
  for (unsigned i = 1; i < REPLY_WORDS; i++) answer->word[i] = 0;  // nothing of others
}

static inline void answer_forward(struct answer *answer, handle_t to, uint64_t w0, uint64_t w1,
                                  uint64_t w2, uint64_t w3, uint64_t w4) {
  answer->kind = ANSWER_FORWARD;
  answer->to = to;
  answer->word[0] = w0;
  answer->word[1] = w1;
  answer->word[2] = w2;
  answer->word[3] = w3;
  answer->word[4] = w4;
}

#endif  // SERVERS_FS_ANSWER_H_
