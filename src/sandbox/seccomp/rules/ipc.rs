//! System V and POSIX message queues, shared memory and semaphores: they are named by number, and every process of the
//! user can reach them.

use super::super::row::AppliesWhen::*;
use super::super::row::{Row, row};
use super::errno::EPERM;

pub(super) const ROWS: &[Row] = &[
    row!(
        Everyone,
        EPERM,
        [
            "shmget",
            "shmat",
            "shmctl",
            "shmdt",
            "semget",
            "semop",
            "semtimedop",
            "semctl",
            "msgget",
            "msgsnd",
            "msgrcv",
            "msgctl"
        ],
        "SysV IPC reaches other processes of the user"
    ),
    row!(
        Everyone,
        EPERM,
        [
            "mq_open",
            "mq_unlink",
            "mq_timedsend",
            "mq_timedreceive",
            "mq_notify",
            "mq_getsetattr"
        ],
        "message queues reach other processes of the user"
    ),
];
