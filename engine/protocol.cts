import type {
	IConnections,
	IDataObject,
	INode,
	INodeExecutionData,
	IRun,
	IRunExecutionData,
	WorkflowActivateMode,
} from 'n8n-workflow';

/** A file that the workflow starts with. */
export interface StartFile {
	/** The bytes: a path, or base64. */
	path?: string;
	base64?: string;
	fileName?: string;
	mimeType?: string;
	/** What happens to it in n8n's store before it is used; with files on disk only. */
	damage?: 'gone' | 'shorter' | 'longer';
}

/** An item that the workflow starts with; `files` become its binary fields. */
export interface StartItem {
	json?: IDataObject;
	files?: Record<string, StartFile>;
}

/** A workflow as n8n exports it, as far as the engine needs it. */
export interface WorkflowFile {
	nodes: INode[];
	connections: IConnections;
	settings?: IDataObject;
}

/** What one run needs. */
export interface RunRequest {
	workflow: WorkflowFile;
	/** What the workflow's first node gives, if that is `engine.files`. */
	items: StartItem[];
	/** The node that the run starts with, by name; else the one of the type `engine.files`. */
	startNode?: string;
	/** Credential data by the id that the nodes name. */
	credentials: Record<string, IDataObject>;
	/** Whether to give the reply's `written`; it is long. */
	write?: boolean;
	/** Cancels the execution after this time, in ms. */
	cancelAfter?: number;
	/** The data of a failed run, which is gone on with as n8n's "Retry" in its list does. */
	retryOf?: IRunExecutionData;
}

/** One poll of the trigger. */
export interface PollRequest {
	/** Polls with the same word belong to one activation of the workflow. */
	activation: string;
	/** How the activation came about, as n8n tells it: `activate`, `init` after a restart, `update`. */
	activationMode: WorkflowActivateMode;
	/** `manual` is "Fetch Test Event". */
	mode?: 'trigger' | 'manual';
	parameters: IDataObject;
	credential: IDataObject;
	/** What n8n's database holds for the node when the activation begins. */
	staticData?: IDataObject;
}

/** What n8n would store of a run, and what it logged. */
export interface RunReply {
	run: IRun;
	/**
	 * All that the run's data holds, written out inside the process: what comes over to this side has
	 * lost whatever does not survive the crossing, such as what a library hangs on its errors.
	 */
	written: string;
	/** From start to end, in ms. */
	took: number;
	/** How far the process's memory grew during the run: resident set, in bytes. */
	grew: number;
}

/** What n8n has loaded of the package: by name, what it shows in its node panel. */
export interface Loaded {
	nodes: Record<string, { displayName: string; icon: unknown; codex: unknown }>;
	credentials: Record<string, { displayName: string; icon: unknown; supportedNodes: unknown }>;
}

/** Messages to the engine's process, by `kind`, and what it answers. */
export interface Calls {
	loaded: { request: Record<string, never>; reply: Loaded };
	run: { request: RunRequest; reply: RunReply };
	testCredential: { request: IDataObject; reply: { status: 'OK' | 'Error'; message: string } };
	/** `items` is null where n8n starts no execution; `staticData` is what the node has left for n8n. */
	poll: {
		request: PollRequest;
		reply: { items: INodeExecutionData[] | null; staticData: IDataObject };
	};
	listSearch: {
		request: {
			method: string;
			credential: IDataObject;
			filter?: string;
			paginationToken?: string;
			/** What the node's other fields are set to. */
			parameters?: IDataObject;
		};
		reply: { results: Array<{ name: string; value: string }>; paginationToken?: string };
	};
}
