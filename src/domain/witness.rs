//! Witnesses of the log: a department, or somebody else outside the hall, whose key is enrolled as a fact and who cosigns
//! checkpoints (C2SP tlog-cosignature). Whether a signature holds is checked by whoever hands it to a decision; here it is
//! decided what is recorded of it.

use serde::{Deserialize, Serialize};

use super::digest::Digest;
use super::event::{Event, Fact};
use super::id::{DepartmentCode, Subject, WitnessId};
use super::refusal::refusals;

/// What can happen to a witness.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum WitnessEvent {
    /// Its key is known from now on.
    Enrolled {
        /// Its verifier key, `name+hash+base64`.
        key: String,
        /// The department it signs for, if for one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        department: Option<DepartmentCode>,
    },
    /// It cosigned a checkpoint of this log.
    Cosigned {
        /// Facts in that checkpoint.
        size: u64,
        /// Its root.
        root: Digest,
        /// When it signed, in seconds since 1970, as it says itself.
        time: u64,
        /// Base64 of its Ed25519 signature.
        signature: String,
    },
    /// Its cosignatures are not taken any more.
    Retired {},
}

/// A checkpoint that a witness cosigned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cosigned {
    /// Facts in it.
    pub size: u64,
    /// Its root.
    pub root: Digest,
    /// When the witness signed, in seconds since 1970.
    pub time: u64,
    /// Base64 of the signature.
    pub signature: String,
}

/// A witness as its history tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WitnessState {
    /// Its id.
    pub id: WitnessId,
    /// Its verifier key.
    pub key: String,
    /// The department it signs for.
    pub department: Option<DepartmentCode>,
    /// What it cosigned, as it was handed in.
    pub cosigned: Vec<Cosigned>,
    /// Whether its cosignatures are not taken any more.
    pub retired: bool,
}

impl WitnessState {
    /// The cosignature of the largest log, the newest of those.
    pub fn newest(&self) -> Option<&Cosigned> {
        self.cosigned.iter().max_by_key(|one| (one.size, one.time))
    }
}

refusals! {
    /// Why a decision about a witness was refused.
    WitnessRefusal;
    Known { id: WitnessId }, "witness-known", "id",
        "见证人 {id} 已登记；请另用编号", "there is a witness {id} already; choose another id";
    KeyForm, "witness-key-form", "key",
        "不是见证人的验证密钥（形如 名称+编号+密钥，C2SP 联署密钥，算法 4）；请用 counterfoil cosign new-key 生成", "this is no verifier key of a witness (name+id+key, C2SP cosignature key, algorithm 4); make one with counterfoil cosign new-key";
    KeyTaken { id: WitnessId }, "witness-key-taken", "key",
        "该密钥已登记为见证人 {id} 的密钥；每个见证人须有自己的密钥", "this key is that of the witness {id}; every witness has a key of its own";
    Retired { id: WitnessId }, "witness-retired", "",
        "见证人 {id} 已停用，其联署不再接受", "the witness {id} is retired; its cosignatures are not taken any more";
    NoteForm, "checkpoint-form", "checkpoint",
        "不是检查点；请原样提交联署后的检查点文件", "this is no checkpoint; hand in the cosigned file as it is";
    OtherLog { origin: String }, "other-log", "checkpoint",
        "检查点不是本大厅日志（{origin}）的；请核对文件", "the checkpoint is not of this hall's log ({origin}); check the file";
    NotOurs { size: u64 }, "checkpoint-not-ours", "checkpoint",
        "本日志没有这个检查点（{size} 条事实）：可能有人出示了另一份日志；请保存该文件并报告监督部门", "the log never had this checkpoint (of {size} facts): somebody may have shown another log; keep the file and report it";
    NoCosignature, "no-cosignature", "checkpoint",
        "检查点上没有已登记见证人的联署；请先登记见证人的密钥", "no enrolled witness cosigned the checkpoint; enrol its key first";
    BadCosignature { id: WitnessId }, "cosignature-wrong", "checkpoint",
        "见证人 {id} 的联署不成立；请重新联署", "the cosignature of the witness {id} does not hold; cosign again";
    FromTheFuture { id: WitnessId }, "cosignature-early", "checkpoint",
        "见证人 {id} 的联署时间晚于现在；请校准其时钟后重新联署", "the witness {id} signed at a time that has not come; set its clock and cosign again";
}

/// Folds the history of a witness, oldest first; none when it was never enrolled.
pub fn fold<'a>(
    id: &WitnessId,
    history: impl IntoIterator<Item = &'a Event>,
) -> Option<WitnessState> {
    let mut state: Option<WitnessState> = None;
    for event in history {
        let Event::Witness { event } = event else {
            continue;
        };
        match (&mut state, event) {
            (None, WitnessEvent::Enrolled { key, department }) => {
                state = Some(WitnessState {
                    id: id.clone(),
                    key: key.clone(),
                    department: department.clone(),
                    cosigned: Vec::new(),
                    retired: false,
                });
            }
            (
                Some(state),
                WitnessEvent::Cosigned {
                    size,
                    root,
                    time,
                    signature,
                },
            ) => state.cosigned.push(Cosigned {
                size: *size,
                root: *root,
                time: *time,
                signature: signature.clone(),
            }),
            (Some(state), WitnessEvent::Retired {}) => state.retired = true,
            (None, _) | (Some(_), WitnessEvent::Enrolled { .. }) => {}
        }
    }
    state
}

fn fact(id: &WitnessId, event: WitnessEvent) -> Fact {
    Fact::new(Subject::Witness(id.clone()), Event::Witness { event })
}

/// Enrols a witness with its key. Enrolled so before, it gives no fact.
pub fn enrol(
    known: Option<&WitnessState>,
    id: &WitnessId,
    key: &str,
    department: Option<&DepartmentCode>,
) -> Result<Vec<Fact>, WitnessRefusal> {
    let (key, department) = (key.to_owned(), department.cloned());
    match known {
        Some(known) if known.key == key && known.department == department && !known.retired => {
            Ok(Vec::new())
        }
        Some(_) => Err(WitnessRefusal::Known { id: id.clone() }),
        None => Ok(vec![fact(id, WitnessEvent::Enrolled { key, department })]),
    }
}

/// Takes no more cosignatures of a witness. Said again, it gives no fact.
pub fn retire(known: &WitnessState) -> Vec<Fact> {
    match known.retired {
        true => Vec::new(),
        false => vec![fact(&known.id, WitnessEvent::Retired {})],
    }
}

/// Records a cosignature that holds. Recorded before, it gives no fact.
pub fn cosign(known: &WitnessState, cosigned: &Cosigned) -> Result<Vec<Fact>, WitnessRefusal> {
    if known.cosigned.contains(cosigned) {
        return Ok(Vec::new());
    }
    if known.retired {
        let id = known.id.clone();
        return Err(WitnessRefusal::Retired { id });
    }
    let Cosigned {
        size,
        root,
        time,
        signature,
    } = cosigned.clone();
    let event = WitnessEvent::Cosigned {
        size,
        root,
        time,
        signature,
    };
    Ok(vec![fact(&known.id, event)])
}
