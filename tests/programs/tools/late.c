#include <stdlib.h>
#include <string.h>

static __thread char *mine; /* in a dynamic block */
static __thread int more[1000];

int fill(void)
{
    mine = malloc(50);
    memset(mine, 1, 50);
    more[999]++;
    return mine[49] + more[999];
}
