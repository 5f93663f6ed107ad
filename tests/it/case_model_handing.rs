//! The naive model, continued: result, delivery, rating.

use crate::case_model_words::*;

impl Model {
    pub fn may_collect(&self, me: &NCase, who: Who, t: i64) -> bool {
        match who {
            Who::Applicant => true,
            Who::Agent => me.agent.is_some_and(|(collect, until)| {
                collect && t / crate::case_model_words::DAY <= until
            }),
            Who::Other => false,
        }
    }

    pub fn free(&self, me: &NCase) -> bool {
        let missing =
            (0..me.met.len()).any(|row| me.met[row].is_none() && me.deferred[row].is_some());
        me.phase == 6 && me.result.is_some() && me.delivered_at.is_none() && !missing
    }

    pub fn handing(&mut self, case: usize, cmd: &Cmd, t: i64) -> Did {
        let me = self.cases[case].clone();
        let item = self.items[me.item].clone();
        let on_time = t + 60_000 >= me.since;
        let in_post = me
            .posts
            .last()
            .filter(|post| post.2.is_none())
            .map(|post| post.0);
        match cmd {
            Cmd::Result {
                route,
                serial,
                text,
                signers,
            } => {
                let Some((granted, _)) = me.decided else {
                    return Did::Refused;
                };
                if let Some(known) = me.result {
                    let same = (known.0, known.1, known.2) == (*route, *serial, *text);
                    let clean = *route != 2 || *signers == 2;
                    return if same && clean {
                        Did::Nothing
                    } else {
                        Did::Refused
                    };
                }
                let numbered = !granted || !item.certificate && *route != 1 || *serial;
                let allowed = on_time && numbered && (*route != 2 || *signers == 2);
                if allowed {
                    self.cases[case].result = Some((*route, *serial, *text, t));
                }
                yes(allowed)
            }
            Cmd::Choose { mail } => {
                if me.phase == 7 || me.delivered_at.is_some() || in_post.is_some() {
                    return Did::Refused;
                }
                self.cases[case].mail = *mail;
                if me.mail == *mail {
                    Did::Nothing
                } else {
                    Did::Something
                }
            }
            Cmd::HandOut { who, right } => {
                let fit = *right && on_time && in_post.is_none();
                let allowed = self.free(&me) && fit && self.may_collect(&me, *who, t);
                if allowed {
                    self.cases[case].delivered_at = Some(t);
                }
                yes(allowed)
            }
            _ => self.posting(case, cmd, t),
        }
    }

    fn posting(&mut self, case: usize, cmd: &Cmd, t: i64) -> Did {
        let me = self.cases[case].clone();
        let on_time = t + 60_000 >= me.since;
        let unfinished = me.posts.last().filter(|post| post.2.is_none());
        let in_post = unfinished.map(|post| post.0);
        match cmd {
            Cmd::Post {
                waybill,
                by_department,
            } => {
                if *by_department || !self.free(&me) || !on_time {
                    return Did::Refused;
                }
                if let Some(present) = in_post {
                    return if present == *waybill {
                        Did::Nothing
                    } else {
                        Did::Refused
                    };
                }
                let fresh = !me.posts.iter().any(|post| post.0 == *waybill);
                if me.mail && fresh {
                    self.cases[case].posts.push((*waybill, t, None));
                }
                yes(me.mail && fresh)
            }
            Cmd::EndPost { waybill, outcome } => {
                let last = self.cases[case]
                    .posts
                    .last_mut()
                    .filter(|post| post.0 == *waybill);
                let Some(last) = last else {
                    return Did::Refused;
                };
                if let Some(known) = last.2 {
                    return if known == *outcome {
                        Did::Nothing
                    } else {
                        Did::Refused
                    };
                }
                last.2 = Some(*outcome);
                if *outcome == 0 {
                    self.cases[case].delivered_at = Some(t);
                }
                Did::Something
            }
            _ => self.minor(case, cmd),
        }
    }

    fn minor(&mut self, case: usize, cmd: &Cmd) -> Did {
        let progress = self.progress(&self.cases[case]);
        let me = &mut self.cases[case];
        match cmd {
            Cmd::Chase => yes(me.result.is_some() && me.delivered_at.is_none()),
            Cmd::Rate { level, ticket } => {
                let allowed = me.delivered_at.is_some() && !me.rated && (*level < 3 || *ticket);
                me.rated |= allowed;
                yes(allowed)
            }
            Cmd::Appoint { collect, until } => {
                let allowed = me.phase != 7 && me.delivered_at.is_none();
                if allowed {
                    me.agent = Some((*collect, *until));
                }
                yes(allowed)
            }
            Cmd::Report => {
                let news = me.reported != Some(progress);
                me.reported = Some(progress);
                if news { Did::Something } else { Did::Nothing }
            }
            other => panic!("nobody answers {other:?}"),
        }
    }
}
