//! Making nodes: folders, files, and what a client uploads (wire reference, nodes, sections 6 and 7).

use super::{
    Repository, Tree,
    access::{Caller, Permissions, Right},
    change::Change,
    children::Children,
    description::{Checked, Description},
    dictionary,
    links::{self, SecondaryChild},
    mimetype, naming,
    node::{ContentData, Node, NodeId, NodeType},
    permissions,
    tree::CONTAINS,
    versions::{self, Wish},
};
use crate::{
    content::{Content, intake::Received},
    error::{Error, Result},
};

/// A node as a client wants it.
#[derive(Clone, Debug, Default)]
pub(crate) struct NewNode {
    pub(crate) id: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) node_type: Option<String>,
    pub(crate) description: Description,
    pub(crate) relative_path: Option<String>,
    pub(crate) assoc_type: Option<String>,
    pub(crate) permissions: Option<permissions::Stated>,
    pub(crate) secondary_children: Vec<SecondaryChild>,
}

/// A file as a client uploads it.
#[derive(Clone, Debug)]
pub(crate) struct Upload {
    pub(crate) name: String,
    pub(crate) node_type: NodeType,
    pub(crate) description: Description,
    pub(crate) relative_path: Option<String>,
    pub(crate) content: Received,
    pub(crate) auto_rename: bool,
    pub(crate) overwrite: bool,
    pub(crate) version: Wish,
    /// Whether a new file gets a first version without being asked.
    pub(crate) is_versioning_enabled: bool,
    pub(crate) renditions: Vec<String>,
}

/// The renditions that the real server makes.
const RENDITIONS: [&str; 6] = ["doclib", "pdf", "imgpreview", "avatar", "medium", "avatar32"];

fn invalid(text: impl Into<String>) -> Error {
    Error::InvalidArgument(text.into().into())
}

impl Repository {
    /// Creates nodes below `parent`, all or none.
    pub(crate) fn create(
        &self,
        caller: &Caller,
        parent: &str,
        new: &[NewNode],
        auto_rename: bool,
        version: Wish,
    ) -> Result<Vec<NodeId>> {
        self.change(caller, |change| new.iter().map(|new| change.create(parent, new, auto_rename, version)).collect())
    }

    /// Makes a file of what was uploaded, or replaces the content of the one of that name.
    pub(crate) fn upload(&self, caller: &Caller, parent: &str, upload: Upload) -> Result<NodeId> {
        self.change(caller, |change| change.upload(parent, upload))
    }

    /// Refuses a parent that nothing can be uploaded to, which comes before what is wrong with the form.
    pub(crate) fn require_upload_folder(&self, caller: &Caller, parent: &str) -> Result<()> {
        self.read().upload_folder(caller, parent).map(|_| ())
    }
}

impl Tree {
    fn upload_folder(&self, caller: &Caller, asked: &str) -> Result<&Node> {
        let folder = self.look_up_alias(caller, asked)?;
        if !folder.node_type.is_folder() {
            return Err(invalid(format!("NodeId of folder is expected: {}", folder.id)));
        }
        Ok(folder)
    }
}

impl Change<'_> {
    fn create(&mut self, parent: &str, new: &NewNode, auto_rename: bool, version: Wish) -> Result<NodeId> {
        if let Some(id) = &new.id {
            return Err(invalid(format!("Unexpected id when trying to create a new node: {id}")));
        }
        let description = new.description.check()?;
        let parent = self.tree.look_up_alias(self.caller, parent)?.id;
        let filled = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let name = filled(&new.name).ok_or_else(|| invalid(format!("Node name is expected: {parent}")))?;
        let node_type = filled(&new.node_type);
        let node_type = node_type.ok_or_else(|| invalid(format!("Node type is expected: {parent},{name}")))?;
        let node_type = creatable(&node_type)?;
        let parent = self.make_folders(parent, new.relative_path.as_deref())?;
        let name = if auto_rename && (node_type.is_file() || node_type.is_folder()) {
            naming::unique(self.tree, parent, &name)
        } else {
            name
        };
        let assoc_type = new.assoc_type.as_deref().filter(|name| !name.is_empty());
        let assoc_type = assoc_type.map(links::assoc_type).transpose()?.unwrap_or(CONTAINS);
        let mut node = self.new_node(parent, &name, node_type, &description)?;
        if node_type.is_file() {
            let mimetype = mimetype::of_name(&name);
            node.content = Some(content_data(mimetype, "UTF-8", Content::memory(bytes::Bytes::new())));
            if let Some(step) = version.first() {
                versions::step(node.extras.get_or_insert_default(), step);
            }
        }
        if let Some(stated) = &new.permissions {
            node.permissions = self.with_permissions(&node.permissions, stated)?;
        }
        let id = node.id;
        self.insert(node, assoc_type);
        for child in &new.secondary_children {
            self.add_secondary_child(id, child)?;
        }
        Ok(id)
    }

    fn upload(&mut self, parent: &str, upload: Upload) -> Result<NodeId> {
        let parent = self.tree.upload_folder(self.caller, parent)?.id;
        if upload.auto_rename && upload.overwrite {
            return Err(invalid("Both 'overwrite' and 'autoRename' should not be true when uploading a file"));
        }
        let parent = self.make_folders(parent, upload.relative_path.as_deref())?;
        let description = upload.description.check()?;
        let mut name = upload.name;
        let taken = self.tree.find(parent).and_then(|parent| parent.children.named(&name));
        if let Some(existing) = taken {
            let is_versioned =
                || versions::is_versioned(self.tree.find(existing).and_then(|node| node.extras.as_deref()));
            if upload.auto_rename {
                name = naming::unique(self.tree, parent, &name);
            } else if upload.overwrite && is_versioned() {
                self.replace_content(existing, upload.content, upload.version)?;
                return Ok(existing);
            } else {
                return Err(Error::Conflict(format!("{name} already exists.").into()));
            }
        }
        let mut node = self.new_node(parent, &name, upload.node_type, &description)?;
        node.content = Some(received_data(upload.content, &name));
        let is_major = upload.is_versioning_enabled.then(|| upload.version.is_major.unwrap_or(true));
        if let Some(step) = (Wish { is_major, ..upload.version }).first() {
            versions::step(node.extras.get_or_insert_default(), step);
        }
        if let Some(unknown) = upload.renditions.iter().find(|name| !RENDITIONS.contains(&name.as_str())) {
            return Err(Error::NoSuch(format!("{unknown} is not registered.")));
        }
        let id = node.id;
        self.insert(node, CONTAINS);
        Ok(id)
    }

    /// A node of the caller's that is not in the tree yet, and has nothing but a place and a name.
    pub(super) fn blank_node(&self, node_type: NodeType, name: &str, parent: Option<NodeId>) -> Node {
        Node {
            id: NodeId::from(self.ids.uuid()),
            node_type,
            name: name.into(),
            parent,
            secondary_parents: Vec::new(),
            children: Children::default(),
            created: self.now,
            creator: self.caller.user.clone(),
            modified: self.now,
            modifier: self.caller.user.clone(),
            content: None,
            permissions: Permissions::default(),
            lock: None,
            working_copy: None,
            extras: None,
        }
    }

    /// A node that is not in the tree yet, after the checks of its place, its name and its values.
    fn new_node(&self, parent: NodeId, name: &str, node_type: NodeType, description: &Checked) -> Result<Node> {
        let owner = description.owner(self.people)?;
        self.require(parent, Right::AddChildren)?;
        if self.is_taken(parent, name, None) {
            return Err(Error::Conflict(format!("Duplicate child name not allowed: {name}").into()));
        }
        let mut node = self.blank_node(node_type, name, Some(parent));
        if !naming::is_valid(name) {
            return Err(naming::violation(&node, name));
        }
        require_container(self.node(parent)?, CONTAINS)?;
        description.add_to(&mut node.extras, owner)?;
        let is_versionable = versions::is_versioned(node.extras.as_deref());
        if let Some(extras) =
            node.extras.as_mut().filter(|_| is_versionable && description.has_aspect(versions::VERSIONABLE))
        {
            versions::step(extras, versions::Step::Major);
        }
        Ok(node)
    }

    /// The folder at a path of names below another; those that are missing are made.
    fn make_folders(&mut self, start: NodeId, path: Option<&str>) -> Result<NodeId> {
        let mut folder = start;
        for name in path.unwrap_or_default().split('/').map(str::trim).filter(|name| !name.is_empty()) {
            self.require(folder, Right::Read)?;
            folder = match self.tree.child_named(folder, name) {
                Some(child) if child.node_type.is_folder() => child.id,
                Some(_) => {
                    let parent = &self.node(folder)?.name;
                    return Err(Error::Conflict(
                        format!("Name [{name}] already exists in the target parent: {parent}").into(),
                    ));
                }
                None => {
                    let node = self.new_node(folder, name, NodeType::FOLDER, &Checked::default())?;
                    let id = node.id;
                    self.insert(node, CONTAINS);
                    id
                }
            };
        }
        Ok(folder)
    }
}

/// The content property of a file of that name.
pub(super) fn received_data(received: Received, name: &str) -> ContentData {
    let (mimetype, encoding) = mimetype::guess(name, &received.head);
    content_data(mimetype, encoding, received.content)
}

fn content_data(mimetype: &str, encoding: &str, content: Content) -> ContentData {
    ContentData {
        mimetype: mimetype.into(),
        encoding: encoding.into(),
        size: content.size(),
        content: Some(content),
        is_archived: false,
    }
}

/// The type of that name, if nodes of it may be created.
fn creatable(stated: &str) -> Result<NodeType> {
    let name = dictionary::prefixed(stated).map_err(|unknown| invalid(unknown.to_string()))?;
    let refused = |why: &str| invalid(format!("Invalid type: {} - {why}", dictionary::qualified(&name)));
    let node_type = NodeType::named(&name).filter(|node_type| node_type.is("cm:cmobject"));
    let node_type = node_type.ok_or_else(|| refused("expected (sub-)type of cm:cmobject"))?;
    if node_type.is("cm:systemfolder") {
        return Err(refused("cannot be (sub-)type of cm:systemfolder"));
    }
    Ok(node_type)
}

/// The type of that name, if files of it may be uploaded.
pub(crate) fn uploadable(stated: &str) -> Result<NodeType> {
    let name = dictionary::prefixed(stated).map_err(|unknown| invalid(unknown.to_string()))?;
    let node_type = NodeType::named(&name).filter(|node_type| node_type.is_file());
    node_type.ok_or_else(|| invalid(format!("Can only upload type of cm:content: {}", dictionary::qualified(&name))))
}

/// Refuses a parent whose type has no such children.
pub(super) fn require_container(parent: &Node, assoc_type: &str) -> Result<()> {
    let required = match assoc_type {
        "cm:contains" => "cm:folder",
        // An aspect holds these, which any node may have.
        "cm:preferenceImage" if parent.has_aspect("cm:preferences") => return Ok(()),
        "cm:preferenceImage" => "cm:preferences",
        _ => "sys:container",
    };
    if parent.node_type.is(required) {
        return Ok(());
    }
    Err(Error::Unprocessable(
        format!(
            "Found 1 integrity violations:\nThe association source type is incorrect: \n   Source Node: \
             workspace://SpacesStore/{}\n   Association: Association[ class=ClassDef[name={required}], name={assoc_type}, \
             target class={base}, source role=null, target role=null]\n   Required Source Type: {required}\n   \
             Actual Source Type: {actual}",
            parent.id,
            required = dictionary::qualified(required),
            assoc_type = dictionary::qualified(assoc_type),
            base = dictionary::qualified("sys:base"),
            actual = parent.node_type.qualified(),
        )
        .into(),
    ))
}
