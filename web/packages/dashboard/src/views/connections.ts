/** What one looks at now and then, loaded apart from the page's first part: one connection, and the mesh. */
export { MeshSide, MeshView } from "./mesh.tsx";
export { PeerSide, PeerView } from "./peer.tsx";
