/* Private to daemon/. Tells a service manager how we are, by systemd's protocol: a datagram to $NOTIFY_SOCKET. */
#ifndef PLUQ__NOTIFY_H
#define PLUQ__NOTIFY_H

void pluq__notify_ready(void);
void pluq__notify_reloading(void);
void pluq__notify_stopping(void);

#endif
