#include "servers/pager/server/boot.h"
#include "servers/pager/server/serve.h"

// Where crt0.S goes. Unlike the other servers, the first process is told about the machine.
_Noreturn void server_main(const struct boot_info *info);

void server_main(const struct boot_info *info) { serve(boot(info)); }
