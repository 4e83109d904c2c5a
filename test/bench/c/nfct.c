/*
 * The yardstick of `npm run bench:capture`: conntrack events by libnetfilter_conntrack, counted.
 *   nfct plain      waits for each event and reads it, as programs with this library do
 *   nfct coalesced  reads what came in the last 15 ms together (recvmmsg), as our capture does
 * On stdin: `begin` starts to count, `report` prints a line of JSON.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <libnetfilter_conntrack/libnetfilter_conntrack.h>

enum { SLOTS = 256, SLOT_BYTES = 2048, COALESCE_MS = 15, RECEIVE_BUFFER_BYTES = 64 << 20 };

static char slab[SLOTS][SLOT_BYTES] __attribute__((aligned(8)));
static struct mmsghdr headers[SLOTS];
static struct iovec vectors[SLOTS];
static uint64_t started, ended, overruns, last_ns, checksum;
static double begin_us;

static double cpu_us(void)
{
	struct rusage u;
	getrusage(RUSAGE_SELF, &u);
	return u.ru_utime.tv_sec * 1e6 + u.ru_utime.tv_usec + u.ru_stime.tv_sec * 1e6 + u.ru_stime.tv_usec;
}

static uint64_t now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

static void parse(const struct nlmsghdr *message)
{
	struct nf_conntrack *entry = nfct_new();
	if (!entry)
		abort();
	if (nfct_nlmsg_parse(message, entry) >= 0) {
		/* Some of what a user of the event looks at. */
		checksum += nfct_get_attr_u32(entry, ATTR_ID) + nfct_get_attr_u16(entry, ATTR_PORT_DST) + nfct_get_attr_u32(entry, ATTR_IPV4_SRC);
		if ((message->nlmsg_type & 0xff) == 2) {
			checksum += nfct_get_attr_u64(entry, ATTR_ORIG_COUNTER_BYTES) + nfct_get_attr_u64(entry, ATTR_TIMESTAMP_STOP);
			ended++;
		} else {
			started++;
		}
	}
	nfct_destroy(entry);
}

/* Returns the number of datagrams, 0 if there are none. */
static int receive(int fd, int slots)
{
	int count = slots == 1 ? 1 : recvmmsg(fd, headers, slots, MSG_DONTWAIT, NULL);
	if (slots == 1) {
		ssize_t length = recv(fd, slab[0], SLOT_BYTES, MSG_DONTWAIT);
		if (length < 0)
			count = -1;
		headers[0].msg_len = length;
	}
	if (count < 0) {
		if (errno == ENOBUFS) {
			overruns++;
			return receive(fd, slots);
		}
		return 0;
	}
	for (int i = 0; i < count; i++)
		parse((const struct nlmsghdr *)slab[i]);
	last_ns = now_ns();
	return count;
}

static void report(void)
{
	struct rusage u;
	getrusage(RUSAGE_SELF, &u);
	printf("{\"type\":\"result\",\"newEvents\":%lu,\"destroyEvents\":%lu,\"overruns\":%lu,\"cpuUs\":%.0f,\"lastNs\":\"%lu\",\"rssKiB\":%ld,\"checksum\":\"%lu\"}\n", started, ended,
	       overruns, cpu_us() - begin_us, last_ns, u.ru_maxrss, checksum);
	fflush(stdout);
}

static int command(void)
{
	char line[64];
	if (!fgets(line, sizeof line, stdin))
		return 0;
	if (!strcmp(line, "report\n")) {
		report();
		return 1;
	}
	started = ended = overruns = 0;
	begin_us = cpu_us();
	puts("{\"type\":\"begun\"}");
	fflush(stdout);
	return 1;
}

int main(int argc, char **argv)
{
	int coalesced = argc > 1 && !strcmp(argv[1], "coalesced"), size = RECEIVE_BUFFER_BYTES;
	struct nfct_handle *handle = nfct_open(CONNTRACK, NF_NETLINK_CONNTRACK_NEW | NF_NETLINK_CONNTRACK_UPDATE | NF_NETLINK_CONNTRACK_DESTROY);
	if (!handle) {
		perror("nfct_open");
		return 1;
	}
	int fd = nfct_fd(handle);
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) < 0)
		perror("SO_RCVBUFFORCE");
	for (int i = 0; i < SLOTS; i++) {
		vectors[i] = (struct iovec){slab[i], SLOT_BYTES};
		headers[i].msg_hdr.msg_iov = &vectors[i];
		headers[i].msg_hdr.msg_iovlen = 1;
	}
	setvbuf(stdin, NULL, _IONBF, 0);
	puts("{\"type\":\"ready\"}");
	fflush(stdout);
	struct pollfd fds[2] = {{fd, POLLIN, 0}, {0, POLLIN, 0}};
	for (;;) {
		poll(fds, 2, -1);
		if (fds[0].revents) {
			if (coalesced) {
				usleep(COALESCE_MS * 1000);
				while (receive(fd, SLOTS) == SLOTS)
					;
			} else {
				receive(fd, 1);
			}
		}
		if (fds[1].revents && !command())
			return 0;
	}
}
