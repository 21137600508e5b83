/*
 * One item of one link, copied by two workers: intent, lease, epoch, look, adoption, settle time, wanted and done revisions.
 * `npm run model` checks every interleaving; -DMUTANT=n breaks one rule (README.md names them), and must be rejected.
 *
 * Time stands in ticks: a copy shows for certain S ticks after it landed, and may show before. Two things are assumed, since code cannot
 * make them true: a reading lags by no more than the settle time, and a request that has left ends before the lease of its sender does.
 */
#ifndef MUTANT
#define MUTANT 0
#endif
#define M(n) (MUTANT == n)
#define S 2
#define CRASHES 2

mtype = { none, planned, underway, unknown };          /* an intent */
mtype = { nothing, told, lost, refused };              /* what a sender hears */

/* The source: the item, and how often somebody said that there is news. */
bool item;
byte wanted, done;

/* The other service: copies, and the age of the youngest. */
byte copies;
byte age = S;

/*
 * The database: the lease, the intent with the age of its last attempt, and whether the copy is known. A run's epoch is the newest one just
 * when its worker was the last to claim, so that worker stands for it and the states stay finite.
 */
byte holder, last;
bool lapsed;
mtype intent = none;
byte base = S;
bool mirror;

/* Requests on their way, by sender. */
bool flying[3];
mtype heard[3];
byte crashes;

/* A statement of the database counts only for whoever holds the lease (M4: for anybody). */
#define HOLDS (M(4) || (holder == me && last == me && !lapsed))
#define MAY_CRASH :: crashes < CRASHES -> crashes++; goto start
/* Stores something, or ends the run where the lease is gone; or the worker dies before it does. */
#define STORE(change) if :: atomic { HOLDS -> change } :: !HOLDS -> goto start MAY_CRASH fi

proctype Worker(byte me) {
  byte aim, judged;
  mtype known;
  bool copied, seen, found;

start:
  atomic { heard[me] = nothing; known = none; copied = false; found = false; seen = false; judged = 0; aim = 0 }
  if
  :: M(10) -> atomic { known = intent; copied = mirror; aim = wanted }
  :: !M(10)
  fi;
  atomic {
    wanted > done && (holder == 0 || lapsed || M(3)) ->
    last = me; holder = me; lapsed = false
  }
  if
  :: M(10)
  :: !M(10) -> STORE(known = intent; copied = mirror; aim = wanted)
  fi;

  /* An attempt that somebody left under way has ended by now at the latest. */
  if
  :: known == underway -> STORE(intent = unknown; known = unknown; if :: M(8) :: !M(8) -> base = 0 fi)
  :: known != underway
  fi;

  /* One whose outcome nobody knows is looked for; only an empty look after the settle time gives it up. */
  if
  :: known == unknown && M(2) -> STORE(intent = planned; known = planned)
  :: known == unknown && !M(2) ->
     atomic {
       judged = base;
       if
       :: copies > 0 && !M(6) -> found = true
       :: copies == 0 || age < S || M(6) -> found = false
       fi
     }
     if :: M(18) -> judged = base :: !M(18) fi;
     if
     :: found -> STORE(mirror = true; copied = true; intent = none; known = none)
     :: !found && (judged == S || M(7)) ->
        if
        :: M(17) -> STORE(mirror = true; copied = true; intent = none)
        :: !M(17) -> STORE(intent = planned; known = planned)
        fi
     :: !found && judged < S && !M(7) -> if :: M(12) -> goto finish :: !M(12) -> goto later fi
     fi
  :: known != unknown
  fi;

  seen = item;
  if
  :: copied || !seen -> goto finish
  :: !copied && seen
  fi;

  /* Intent, call, confirmation. Any time passes between them. */
  if :: M(14) -> STORE(mirror = true) :: !M(14) fi;
  if :: M(1) :: !M(1) -> STORE(intent = underway; base = 0) fi;
  if
  :: atomic { (holder == me && last == me && !lapsed) || M(5) -> heard[me] = nothing; flying[me] = true }
  :: !M(5) && !(holder == me && last == me && !lapsed) -> goto start
  MAY_CRASH
  fi;
  if
  :: !flying[me] && heard[me] == told -> STORE(mirror = true; intent = none); goto finish
  :: !flying[me] && heard[me] == lost ->
     if
     :: M(15) -> STORE(mirror = true; intent = none); goto finish
     :: M(16) -> STORE(intent = none)
     :: M(9) -> STORE(intent = unknown)
     :: !M(15) && !M(16) && !M(9) -> STORE(intent = unknown; base = 0)
     fi;
     goto later
  :: !flying[me] && heard[me] == refused ->
     STORE(intent = planned);
     if :: M(13) -> goto finish :: !M(13) -> goto later fi
  MAY_CRASH
  fi;

finish:
  STORE(if :: M(11) -> done = wanted :: !M(11) -> done = (aim > done -> aim : done) fi; holder = 0);
  goto start;
later:
  STORE(holder = 0);
  goto start
}

/* The other service takes a request or not, and its answer arrives or not. */
proctype Service() {
  byte who;
  do
  :: atomic { flying[1] || flying[2] ->
       if :: flying[1] -> who = 1 :: flying[2] -> who = 2 fi;
       if
       :: copies++; age = 0; assert(copies <= 1); heard[who] = told
       :: copies++; age = 0; assert(copies <= 1); heard[who] = lost
       :: heard[who] = lost
       :: heard[who] = refused
       fi;
       flying[who] = false; who = 0 }
  od
}

/* Time, leases that end, people, and the judge, who speaks when nothing can move any more. */
proctype World() {
  do
  :: atomic { age < S || base < S -> age = (age < S -> age + 1 : S); base = (base < S -> base + 1 : S) }
  :: atomic { holder != 0 && !lapsed && (M(19) || !flying[holder]) -> lapsed = true }
  od
}

proctype People() {
  if
  :: M(20) -> wanted++; item = true
  :: !M(20) -> atomic { item = true; wanted++ }
  fi
}

proctype Others() { wanted++ }

active proctype Judge() {
  atomic { run Worker(1); run Worker(2); run Service(); run World(); run People(); run Others() }
  timeout;
  assert(item && copies == 1 && mirror && intent == none && done == wanted)
}
