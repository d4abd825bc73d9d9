#include "loop.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/thread.h>
#include <pluq/error.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"
#include "thread.h"

/* Rounds of queue work and flushing before the loop looks at its descriptors again. */
#define TURN_ROUNDS 8

static _Thread_local struct pluq__loop *self;

struct pluq__loop *pluq__loop_self(void)
{
	return self;
}

void pluq__loop_read_clocks(struct pluq__loop *l)
{
	l->now_ns = pluq__clock_mono_ns();
	l->real_ns = pluq__clock_real_ns();
	l->fresh = true;
}

static void turn_append(struct pluq__turn *head, struct pluq__turn *t)
{
	t->prev = head->prev;
	t->next = head;
	head->prev->next = t;
	head->prev = t;
}

void pluq__loop_turn(struct pluq__loop *l, int kind, struct pluq__turn *item)
{
	if (!item->next)
		turn_append(&l->turns[kind], item);
}

void pluq__loop_unturn(struct pluq__turn *item)
{
	if (!item->next)
		return;
	item->prev->next = item->next;
	item->next->prev = item->prev;
	item->next = item->prev = NULL;
}

/* Runs what was queued when it began; what items add comes in the next round. */
static void run_turns(struct pluq__turn *head)
{
	struct pluq__turn now;

	if (head->next == head)
		return;
	now.next = head->next;
	now.prev = head->prev;
	now.next->prev = now.prev->next = &now;
	head->next = head->prev = head;
	while (now.next != &now) {
		struct pluq__turn *t = now.next;

		pluq__loop_unturn(t);
		t->fn(t);
	}
}

static bool turns_empty(const struct pluq__loop *l)
{
	for (int k = 0; k < PLUQ__TURN_KINDS; k++)
		if (l->turns[k].next != &l->turns[k])
			return false;
	return true;
}

/* What is handed out has its time from here on, not from when the turn began: a long turn must not make deadlines early. */
static void end_turn(struct pluq__loop *l)
{
	if (!turns_empty(l))
		pluq__loop_read_clocks(l);
	for (int round = 0; round < TURN_ROUNDS && !turns_empty(l); round++)
		for (int k = 0; k < PLUQ__TURN_KINDS; k++)
			run_turns(&l->turns[k]);
}

/* false: there was none. */
static bool run_mail(struct pluq__loop *l)
{
	struct pluq__mail *mail = pluq__mailbox_take(&l->box);

	if (!mail)
		return false;
	while (mail) {
		struct pluq__mail *next = mail->next;

		mail->fn(mail);
		mail = next;
	}
	return true;
}

static void on_wake(evutil_socket_t fd, short what, void *arg)
{
	struct pluq__loop *l = arg;
	uint64_t count;

	(void)what;
	pluq__loop_enter(l);
	if (read(fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
		pluq__log(PLUQ_ERROR, "core", "loop %d: read of its wake-up: %s", l->index, strerror(errno));
	run_mail(l);
}

static void on_wheel(evutil_socket_t fd, short what, void *arg)
{
	struct pluq__loop *l = arg;

	(void)fd;
	(void)what;
	pluq__loop_enter(l);
	l->wheel_armed_ns = INT64_MAX;
}

/* Arms the timer for the wheel's next deadline, if that has changed. A descriptor of our own: libevent's timeouts either go by
 * the kernel's coarse clock (up to 4 ms late) or cost a system call each turn. It is watched edge-triggered, so that firing
 * needs no read: arming it anew takes the event back. */
static void arm_wheel(struct pluq__loop *l)
{
	int64_t next = pluq__wheel_next(&l->wheel), wait = 0;
	struct itimerspec at = {{0}, {0}};

	if (next == l->wheel_armed_ns)
		return;
	l->wheel_armed_ns = next;
	if (next != INT64_MAX) {
		wait = next - pluq__clock_mono_ns();
		if (wait < 1) /* 0 would disarm it */
			wait = 1;
	}
	at.it_value.tv_sec = wait / PLUQ__SEC;
	at.it_value.tv_nsec = wait % PLUQ__SEC;
	timerfd_settime(l->wheel_fd, 0, &at, NULL);
}

/* What others of the loop have waited for. */
static void take_down(struct pluq__loop *l, int64_t began_ns)
{
	int64_t took = pluq__clock_mono_ns() - began_ns;

	l->busy_ns += took;
	if (took > l->longest_ns)
		l->longest_ns = took;
	pluq__latency_add(&l->turn_times, took);
}

static void run(struct pluq__loop *l)
{
	int64_t began;

	self = l;
	pluq__loop_read_clocks(l);
	began = l->now_ns;
	while (!l->stopping) {
		int flags = EVLOOP_ONCE;

		end_turn(l);
		if (!turns_empty(l))
			flags |= EVLOOP_NONBLOCK; /* alone it would go on as long as anything is ready */
		arm_wheel(l);
		take_down(l, began);
		l->fresh = false;
		l->turn++;
		event_base_loop(l->events, flags);
		pluq__loop_enter(l);
		began = l->now_ns;
		pluq__wheel_advance(&l->wheel, l->now_ns);
	}
	self = NULL;
}

static void *run_thread(void *arg)
{
	run(arg);
	return NULL;
}

static int start_thread(struct pluq__loop *l)
{
	char name[24];

	snprintf(name, sizeof(name), "pluq-loop-%d", l->index);
	return pluq__thread_start(&l->thread, name, run_thread, l);
}

static void loop_fini(struct pluq__loop *l)
{
	pluq__latency_free(&l->turn_times);
	if (l->wheel_event)
		event_free(l->wheel_event);
	if (l->wake_event)
		event_free(l->wake_event);
	if (l->events)
		event_base_free(l->events);
	if (l->wheel_fd >= 0)
		close(l->wheel_fd);
	if (l->wake_fd >= 0)
		close(l->wake_fd);
}

/* event_log_cb. After an error libevent ends the process: the line must be out before. */
static void on_libevent(int severity, const char *text)
{
	pluq__log(severity == EVENT_LOG_ERR ? PLUQ_FATAL : PLUQ_WARN, "core", "libevent: %s", text);
	if (severity == EVENT_LOG_ERR)
		pluq__log_stop();
}

static struct event_base *make_base(void)
{
	struct event_config *cfg = event_config_new();
	struct event_base *base;

	if (!cfg)
		return NULL;
	/* Only its own thread touches a base: no locks. No change list either: it would take a descriptor out of this loop's set
	 * only when the loop waits next, when the connection may live on another loop already, or be closed there. */
	event_config_set_flag(cfg, EVENT_BASE_FLAG_NOLOCK);
	base = event_base_new_with_config(cfg);
	event_config_free(cfg);
	return base;
}

static int loop_init(struct pluq__loop *l, int index)
{
	memset(l, 0, sizeof(*l));
	l->index = index;
	l->wheel_armed_ns = INT64_MAX;
	pluq__loop_read_clocks(l);
	pluq__wheel_init(&l->wheel, l->now_ns);
	for (int k = 0; k < PLUQ__TURN_KINDS; k++)
		l->turns[k].next = l->turns[k].prev = &l->turns[k];
	l->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	l->wheel_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	l->events = make_base();
	if (l->wake_fd < 0 || l->wheel_fd < 0 || !l->events)
		goto fail;
	l->wake_event = event_new(l->events, l->wake_fd, EV_READ | EV_PERSIST, on_wake, l);
	l->wheel_event = event_new(l->events, l->wheel_fd, EV_READ | EV_PERSIST | EV_ET, on_wheel, l);
	if (!l->wake_event || !l->wheel_event || event_add(l->wake_event, NULL) < 0 ||
	    event_add(l->wheel_event, NULL) < 0)
		goto fail;
	return 0;
fail:
	loop_fini(l);
	return PLUQ_ENOMEM;
}

int pluq__loops_init(struct pluq__loops *ls, int count)
{
	int err;

	event_set_log_callback(on_libevent);
	ls->count = 0;
	ls->ended = false;
	ls->loop = calloc((size_t)count, sizeof(*ls->loop));
	if (!ls->loop)
		return PLUQ_ENOMEM;
	for (int i = 0; i < count; i++, ls->count++)
		if ((err = loop_init(&ls->loop[i], i)) < 0) {
			pluq__loops_fini(ls);
			return err;
		}
	return 0;
}

int pluq__loops_run(struct pluq__loops *ls)
{
	int started = 1, err = 0;

	for (; started < ls->count; started++)
		if ((err = start_thread(&ls->loop[started])))
			break;
	if (!err)
		run(&ls->loop[0]);
	else
		pluq__loops_stop(ls);
	for (int i = 1; i < started; i++)
		pthread_join(ls->loop[i].thread, NULL);
	ls->ended = true;
	return err;
}

struct stop_letter {
	struct pluq__mail mail;
	struct pluq__loop *loop;
};

static void on_stop(struct pluq__mail *mail)
{
	struct stop_letter *s = (struct stop_letter *)mail;

	s->loop->stopping = true;
	free(s);
}

void pluq__loops_stop(struct pluq__loops *ls)
{
	for (int i = 0; i < ls->count; i++) {
		struct stop_letter *s = malloc(sizeof(*s));

		if (!s)
			abort(); /* the process is ending: there is nothing left to give up */
		s->mail.fn = on_stop;
		s->loop = &ls->loop[i];
		pluq__loop_post(s->loop, &s->mail);
	}
}

void pluq__loops_settle(struct pluq__loops *ls)
{
	for (bool any = true; any;) {
		any = false;
		for (int i = 0; i < ls->count; i++) {
			self = &ls->loop[i];
			pluq__loop_read_clocks(self);
			any = run_mail(self) || any;
		}
	}
	self = NULL;
}

void pluq__loops_fini(struct pluq__loops *ls)
{
	for (int i = 0; i < ls->count; i++)
		loop_fini(&ls->loop[i]);
	free(ls->loop);
	ls->loop = NULL;
	ls->count = 0;
}

void pluq__loop_post(struct pluq__loop *l, struct pluq__mail *mail)
{
	static const uint64_t one = 1;

	if (!pluq__mailbox_put(&l->box, mail))
		return;
	/* The counter cannot overflow: the box was empty, so at most one wake-up per loop turn stands in it. */
	while (write(l->wake_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}
