-- Graph Reviewer in Neovim, 0.7 or newer. Copy this file to ~/.config/nvim/lua/ and call
--   require('graph_reviewer').setup()
-- See docs/editors.md. Diagnostics, code actions and hover are Neovim's own; this adds the command :Reviewer.
local M = {}

M.filetypes = { 'python', 'javascript', 'javascriptreact', 'typescript', 'typescriptreact', 'java', 'cs' }
M.root_markers = { '.reviewer.toml', '.git' }

local NAME = 'graph_reviewer'
local SERVER_COMMANDS = {
  file = 'reviewer.reviewFile',
  changes = 'reviewer.reviewChanges',
  workspace = 'reviewer.reviewWorkspace',
  forget = 'reviewer.forgetFeedback',
  restart = 'reviewer.restart',
}

local function list_clients(bufnr)
  -- get_active_clients takes a filter from 0.8 on; get_clients replaces it in 0.10.
  local all = vim.lsp.get_clients and vim.lsp.get_clients() or vim.lsp.get_active_clients()
  return vim.tbl_filter(function(client)
    return client.name == NAME and (not bufnr or vim.lsp.buf_is_attached(bufnr, client.id))
  end, all)
end

-- Lets the server carry out a command; `on_result` gets what comes back.
local function execute(client, command, arguments, on_result)
  local function handler(err, result)
    if err then
      vim.notify(NAME .. ': ' .. (err.message or vim.inspect(err)), vim.log.levels.ERROR)
    elseif on_result then
      on_result(result)
    end
  end
  local params = { command = command, arguments = arguments }
  if vim.fn.has('nvim-0.11') == 1 then
    client:request('workspace/executeCommand', params, handler)
  else
    client.request('workspace/executeCommand', params, handler)
  end
end

-- Code actions whose command needs a window: the server calls them with a URI and a fingerprint.
local function suppress(command, ctx)
  local uri, fingerprint = unpack(command.arguments)
  vim.ui.input({ prompt = 'Reason: ' }, function(reason)
    if reason and vim.trim(reason) ~= '' then
      execute(vim.lsp.get_client_by_id(ctx.client_id), 'reviewer.suppress', { uri, fingerprint, reason })
    end
  end)
end

local function explain(command, ctx)
  execute(vim.lsp.get_client_by_id(ctx.client_id), 'reviewer.explain', command.arguments, function(text)
    local lines = vim.split(text, '\n', { plain = true, trimempty = true })
    vim.lsp.util.open_floating_preview(lines, 'markdown', { border = 'rounded' })
  end)
end

-- The configuration of the client. Options: `cmd`, `settings` (the section `reviewer`), `trusted` (whether settings
-- that name files, models or services count), and whatever else vim.lsp.start takes.
function M.config(options)
  options = options or {}
  local own = {
    name = NAME,
    cmd = options.cmd or { 'reviewer', 'lsp' },
    filetypes = M.filetypes,
    root_markers = M.root_markers,
    settings = { reviewer = options.settings or vim.empty_dict() },
    init_options = { trusted = options.trusted == true, asksForReason = true, showsExplanation = true },
    commands = { ['reviewer.client.suppress'] = suppress, ['reviewer.client.explain'] = explain },
    get_language_id = function(_, filetype)
      return filetype == 'cs' and 'csharp' or filetype
    end,
  }
  local others = vim.deepcopy(options)
  others.cmd, others.settings, others.trusted = nil, nil, nil
  return vim.tbl_extend('force', own, others)
end

-- The nearest folder upward with a marker, else the file's own folder.
local function find_root(file)
  local folder = vim.fn.fnamemodify(file, ':p:h')
  local candidate = folder
  while true do
    for _, marker in ipairs(M.root_markers) do
      if vim.fn.getftype(candidate .. '/' .. marker) ~= '' then
        return candidate
      end
    end
    local parent = vim.fn.fnamemodify(candidate, ':h')
    if parent == candidate then
      return folder
    end
    candidate = parent
  end
end

-- Before 0.8 nothing shares a client among buffers: one for each root is kept here.
local clients_by_root = {}

local function attach(config, bufnr)
  local file = vim.api.nvim_buf_get_name(bufnr)
  if file == '' or vim.bo[bufnr].buftype ~= '' then
    return
  end
  local root = find_root(file)
  local folder = { uri = vim.uri_from_fname(root), name = root }
  config = vim.tbl_extend('keep', { root_dir = root, workspace_folders = { folder } }, config)
  if vim.lsp.start then
    vim.lsp.start(config, { bufnr = bufnr })
    return
  end
  local id = clients_by_root[root]
  if not (id and vim.lsp.get_client_by_id(id)) then
    id = vim.lsp.start_client(config)
    clients_by_root[root] = id
  end
  if id then
    vim.lsp.buf_attach_client(bufnr, id)
  end
end

local function list_words()
  local words = vim.tbl_keys(SERVER_COMMANDS)
  table.sort(words)
  return words
end

local function run(what)
  local command = SERVER_COMMANDS[what]
  local bufnr = vim.api.nvim_get_current_buf()
  local client = list_clients(bufnr)[1] or list_clients()[1]
  if not command then
    vim.notify(':Reviewer: expected ' .. table.concat(list_words(), ', ') .. ', found ' .. what)
  elseif not client then
    vim.notify(':Reviewer: expected a running server, found none')
  else
    execute(client, command, what == 'file' and { vim.uri_from_bufnr(bufnr) } or {})
  end
end

-- Starts the server whenever a file in one of the languages is opened. Options as for `config`.
function M.setup(options)
  local config = M.config(options)
  vim.api.nvim_create_user_command('Reviewer', function(given)
    run(given.args)
  end, {
    nargs = 1,
    desc = 'Graph Reviewer: review a file, the changed files or the workspace',
    complete = function(start)
      return vim.tbl_filter(function(one)
        return vim.startswith(one, start)
      end, list_words())
    end,
  })
  if vim.lsp.config and vim.lsp.enable then -- 0.11
    vim.lsp.config(NAME, config)
    vim.lsp.enable(NAME)
    return
  end
  vim.api.nvim_create_autocmd('FileType', {
    group = vim.api.nvim_create_augroup(NAME, { clear = true }),
    pattern = M.filetypes,
    callback = function(event)
      attach(config, event.buf)
    end,
  })
end

return M
