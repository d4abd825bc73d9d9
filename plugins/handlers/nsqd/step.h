#ifndef NSQD_STEP_H
#define NSQD_STEP_H

/* What a command, or a piece of one, came to. */
enum step {
	STEP_NEXT, /* done, its bytes are used */
	STEP_MORE, /* not wholly there (conn_more has said what is missing); bytes may have been used */
	STEP_STOP, /* no more parsing until a resume, a body, or the new loop */
	STEP_CLOSE /* the connection ends; its last frame is written */
};

#endif
