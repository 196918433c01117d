/* Preloaded into baresip: gives it the one loopback address in $SRCIP. baresip cannot choose the address it dials from
   and refuses the loopback interface; connect() here binds first, getifaddrs() shows that address as interface tb0. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdlib.h>
#include <sys/socket.h>

static void own_address(struct sockaddr_in *address) {
  const char *text = getenv("SRCIP");
  if (text != NULL) inet_aton(text, &address->sin_addr);
}

int connect(int fd, const struct sockaddr *to, socklen_t length) {
  static int (*next)(int, const struct sockaddr *, socklen_t);
  if (next == NULL) next = dlsym(RTLD_NEXT, "connect");
  if (to->sa_family == AF_INET && ntohl(((const struct sockaddr_in *)to)->sin_addr.s_addr) >> 24 == 127) {
    struct sockaddr_in bound = {0}, own = {.sin_family = AF_INET};
    socklen_t size = sizeof bound;
    int known = getsockname(fd, (struct sockaddr *)&bound, &size) == 0 && bound.sin_family == AF_INET;
    if (known && bound.sin_addr.s_addr == 0 && bound.sin_port == 0) {
      own_address(&own);
      bind(fd, (struct sockaddr *)&own, sizeof own);
    }
  }
  return next(fd, to, length);
}

int getifaddrs(struct ifaddrs **out) {
  static struct sockaddr_in address = {.sin_family = AF_INET}, mask = {.sin_family = AF_INET};
  static struct ifaddrs only = {
      .ifa_name = "tb0",
      .ifa_flags = IFF_UP | IFF_RUNNING,
      .ifa_addr = (struct sockaddr *)&address,
      .ifa_netmask = (struct sockaddr *)&mask,
  };
  own_address(&address);
  inet_aton("255.0.0.0", &mask.sin_addr);
  *out = &only;
  return 0;
}

void freeifaddrs(struct ifaddrs *list) { (void)list; }
